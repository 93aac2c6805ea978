//! PaySG payments for e-services.
