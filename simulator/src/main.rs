//! PaySG, simulated.
fn main() {}
