//! PaySG payments for e-services.
pub mod flow;
