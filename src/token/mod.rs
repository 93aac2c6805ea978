//! The three tokens: orders in, receipts out, and operators' commands.
//!
//! JWTs (RFC 7519) with HS256, so that any backend language makes and checks them with its usual library. Reading is strict: the
//! algorithm is not the token's to choose, `typ`, `aud` and `exp` are checked without leeway, and a repeated claim is refused.

mod command;
mod jwt;
mod keys;
mod order;
mod receipt;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod wycheproof;

pub use command::{CommandKind, CommandToken, IntentInToken, Refund, Subject};
pub use jwt::TokenError;
pub use keys::Keys;
pub use order::OrderToken;
pub use receipt::Receipt;

/// The `aud` of the tokens that the edge takes.
pub const AUDIENCE: &str = "paysg-wasm";
