// What PaySG's identifiers look like.

export const PAYMENT_ID = /^[A-Za-z0-9_-]{1,64}$/
export const PAYMENT_SERVICE_ID = /^payment_service_[0-9a-fA-F-]{36}$/
