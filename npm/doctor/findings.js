// What the doctor can find: what each means, and how it is mended. Codes are added, never changed.

const error = (meaning, mend) => ({ severity: "error", meaning, mend });
const warning = (meaning, mend) => ({ severity: "warning", meaning, mend });

export const FINDINGS = {
  // Reaching the edge
  edge_unreachable: error("The edge does not answer there.", "Compare --edge with the route in wrangler.toml and with PAYSG_BASE_PATH, and look whether the deployment is up."),
  edge_insecure: error("The edge is asked over plain HTTP.", "Serve it over HTTPS only: PaySG takes no other return URL, and the cookie is not kept."),
  public_url_mismatch: error("The edge believes that it is somewhere else than where it answers.", "Set PAYSG_PUBLIC_URL to the origin that payers see; PaySG sends them back there."),
  platform_domain: error("The edge is under a domain that it shares with strangers (workers.dev and the like).", "Route the e-service's own host to it, and set PAYSG_PUBLIC_URL to that."),
  order_key_mismatch: error("The edge does not take a command that PAYSG_ORDER_KEY signed, so it takes no orders from that server either.", "Give the e-service's server and the edge the same PAYSG_ORDER_KEY, byte by byte; the text is not decoded."),
  doctor_refused: error("The edge does not tell how it is from inside.", "Deploy the same version of paysg-wasm as this doctor's."),

  // Its variables: it answers every request with 500 until they are mended
  api_key_malformed: error("PAYSG_API_KEY is missing, does not begin with paysg_stag_ or paysg_live_, or has white space around it.", "Set it again: npx wrangler secret put PAYSG_API_KEY."),
  api_url_mismatch: error("PAYSG_API_URL does not go with the key: a live key goes to PaySG's own host only, and a staging key to staging's or a simulator's.", "Take PAYSG_API_URL away, or use the other environment's key."),
  service_id_malformed: error("PAYSG_PAYMENT_SERVICE_ID is missing, or is not payment_service_ and a UUID.", "Copy it from PaySG with its prefix; several are separated by commas."),
  webhook_secret_malformed: error("PAYSG_WEBHOOK_SECRET is missing, or has white space around it.", "Set it again, without a line break at its end."),
  order_key_malformed: error("PAYSG_ORDER_KEY is missing, shorter than 32 bytes, or has white space around it.", "Make one with `openssl rand -hex 32`, and give it to the e-service's server too."),
  session_key_malformed: error("PAYSG_SESSION_KEY is missing, shorter than 32 bytes, or has white space around it.", "Make one with `openssl rand -hex 32`."),
  public_url_insecure: error("PAYSG_PUBLIC_URL is missing, is no origin, or is not https.", "Set it to the HTTPS origin that payers see, without a path: PaySG refuses any other return URL."),
  variable_malformed: error("A variable is missing or contradicts another.", "The edge's message says what it must be."),

  // Its secrets
  secret_short: warning("A secret is short enough to be guessed at.", "Ask PaySG for a longer one, or make one with `openssl rand -hex 32`."),
  secret_guessable: warning("A secret has few different characters.", "Make one with `openssl rand -hex 32`."),
  secrets_equal: error("Two secrets are the same, so that who holds one holds the other's power.", "Make one for each purpose: `openssl rand -hex 32`."),

  // PaySG
  paysg_unreachable: error("PaySG gives the edge no answer.", "Look at PaySG's status, at PAYSG_API_URL, and at what the platform lets out."),
  paysg_unauthorised: error("PaySG does not accept PAYSG_API_KEY for this payment service.", "Ask for the key's e-mail address to be added to the payment service, or use its own key."),
  paysg_unknown_service: error("PaySG knows no such payment service in this environment.", "Use the id of the environment that the key is for: staging and live have different ones."),
  paysg_not_connected: error("The payment service is not connected to Stripe.", "Finish its onboarding with PaySG."),
  paysg_unexpected: error("PaySG answers with what it does not document.", "Something in between may answer in its place: see PAYSG_API_URL."),
  clock_skew: error("Clocks disagree by more than half a minute: tokens expire early or late, and signatures look old.", "Set the clock that is wrong (NTP); the two are named."),

  // The way back
  result_url_other_site: error("PAYSG_RESULT_URL is of another site than the edge: the page there gets no cookie, so no payer has proof of a payment.", "Serve both from one site, best from one origin."),
  result_url_broken: error("There is no page at PAYSG_RESULT_URL, where payers go after paying.", "Set it to the page that shows the result, or take it away: the edge has a page of its own."),
  cookie_stripped: error("The edge's cookie does not arrive.", "Let Set-Cookie pass in what is in front of the edge (CDN, gateway)."),
  cookie_flags: error("The edge's cookie arrives without a flag that it was sent with.", "Have what is in front of the edge leave Set-Cookie as it is."),
  cached: error("Answers of the edge are kept in between, against their Cache-Control: no-store.", "Exclude the base path from caching: one payer's answer may be shown to another."),
  accept_stripped: warning("The header Accept does not arrive. Payers whose browser sends no Sec-Fetch-Mode may read JSON instead of a page.", "Let Accept pass in what is in front of the proxy (CDN, gateway), and Sec-Fetch-Mode too."),

  // The webhook
  webhook_blocked: error("PaySG's webhooks would not arrive: something in front of the edge answers in its place.", "Let POST {base path}/webhooks through without a challenge, a login or a rule on its body."),
  webhook_secret_mismatch: error("The edge does not take an event that PAYSG_WEBHOOK_SECRET signed.", "Give the edge the secret of this very endpoint."),
  webhook_header_stripped: error("The header PaySG-Signature does not arrive.", "Let it pass in what is in front of the edge."),
  webhook_body_altered: error("Bodies are written anew on the way, so that no signature of PaySG's can match.", "Have what is in front of the edge pass bodies on byte by byte."),
  webhook_unverified: error("An event with a signature of nobody's is answered with 2xx.", "Something answers in the edge's place: PaySG would believe that its events are received."),
  webhook_undelivered: error("The payment was made and paid, and no event of it was delivered.", "Register {public URL}{base path}/webhooks with PaySG, with the same secret."),

  // The e-service's server
  fulfilment_missing: warning("Nobody is told of paid payments: PAYSG_FULFILMENT_URL is not set.", "Set it; or set it to none, ask for each payment's status and verify its receipt yourself."),
  fulfilment_unreachable: error("The e-service's server does not answer at PAYSG_FULFILMENT_URL.", "Look whether it is up, and lets the edge in."),
  fulfilment_unexpected: error("PAYSG_FULFILMENT_URL answers a telling with neither yes nor no.", "It must take POST with JSON, answer 2xx to a receipt that verifies, and 401 to one that does not."),
  fulfilment_takes_forgeries: error("The e-service's server takes a payment whose receipt nobody signed: anybody could mark an order as paid.", "Verify the receipt (HS256, PAYSG_ORDER_KEY, typ, iss, aud), and compare it with the payment beside it."),
  fulfilment_refuses_receipts: error("The e-service's server does not take a true receipt.", "Give it the edge's PAYSG_ORDER_KEY; `iss` is the edge's public URL, `aud` the origin of the result URL."),

  // The ledger
  ledger_missing: warning("The edge keeps no ledger: nothing is repeated, reconciled or remembered for longer than PaySG does.", "Bind LEDGER to the class PaymentLedger."),
  payment_refused: error("A payment cannot be made.", "The code says what the edge or PaySG did not like."),

  // The page
  page_unreachable: error("The page does not answer.", "Compare --page with the e-service."),
  page_insecure: error("The page is served over plain HTTP.", "Serve it over HTTPS only."),
  origin_not_allowed: error("The page's origin may not call the edge.", "Add it to PAYSG_ALLOWED_ORIGINS; it must be of the same site."),
  csp_wasm: warning("The page's Content-Security-Policy forbids wasm: payments go by the plain form, if the page has one.", "Add 'wasm-unsafe-eval' to script-src."),
  csp_connect: error("The page's Content-Security-Policy forbids calling the edge, or loading the wasm.", "Add its origin (or 'self') to connect-src."),
  csp_form_action: error("The page's Content-Security-Policy stops its plain form on the way to PaySG: browsers hold redirects to form-action too.", "Add the edge's origin and PaySG's pages (https://pay.gov.sg, https://staging.pay.gov.sg) to form-action."),
  wasm_missing: error("The browser module's wasm is not where the page looks for it.", "Deploy it beside the script that names it, or pass `wasm` to load()."),
  wasm_type: warning("The wasm is not served as application/wasm: browsers cannot compile it while it loads.", "Serve .wasm as application/wasm."),
  wasm_cors: error("The wasm is of another origin, which does not let the page read it.", "Send Access-Control-Allow-Origin with it, or serve it from the page's origin."),
};

/** Which finding it is that the edge calls a variable misconfigured. */
export const OF_VARIABLE = {
  PAYSG_API_KEY: "api_key_malformed",
  PAYSG_API_URL: "api_url_mismatch",
  PAYSG_PAYMENT_SERVICE_ID: "service_id_malformed",
  PAYSG_WEBHOOK_SECRET: "webhook_secret_malformed",
  PAYSG_ORDER_KEY: "order_key_malformed",
  PAYSG_SESSION_KEY: "session_key_malformed",
  PAYSG_PUBLIC_URL: "public_url_insecure",
};
