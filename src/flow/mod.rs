//! What happens next, as state machines without I/O: each is given an answer, the time and a random value, and gives back the next step.

pub mod creation;
pub mod retry;
pub mod verification;
