//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::settings::Settings;

/// The API key that works when none is given. It opens nothing but a simulator.
pub const DEFAULT_API_KEY: &str = "paysg_stag_simulator_key_that_opens_nothing_else";
/// The payment service that exists when none is given.
pub const DEFAULT_PAYMENT_SERVICE_ID: &str = "payment_service_5e7f1a2b-0c3d-4e5f-8a9b-1c2d3e4f5a6b";

/// PaySG, simulated: create, pay, cancel and refund payments with no account, no network and no money
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 110)]
pub struct Options {
    /// Port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 8788)]
    pub port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Origin in `payment_url`, where payers reach this simulator by another name than it listens on
    #[arg(long, value_name = "ORIGIN")]
    pub public_origin: Option<String>,
    /// The API key that callers must send as `x-api-key`
    #[arg(long, value_name = "KEY", default_value = DEFAULT_API_KEY, hide_default_value = true)]
    pub api_key: String,
    /// What a shell makes the API key of, in the example that is printed: a key of your own is not
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "$PAYSG_API_KEY",
        hide = true
    )]
    pub api_key_from: String,
    /// A payment service that exists; may be given more than once
    #[arg(long = "payment-service-id", value_name = "ID", default_value = DEFAULT_PAYMENT_SERVICE_ID)]
    pub payment_service_ids: Vec<String>,
    /// Keep everything in this SQLite file, so that a killed simulator goes on where it was
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Register a webhook endpoint at the start
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    pub webhook_url: Option<String>,
    /// The secret of that endpoint
    #[arg(long, value_name = "SECRET", requires = "webhook_url")]
    pub webhook_secret: Option<String>,
    /// Play a scenario file at the start
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// How many calls `GET /_sim/requests` remembers
    #[arg(long, value_name = "COUNT", default_value_t = 20_000)]
    pub remember_requests: usize,
    /// No line per call
    #[arg(long)]
    pub quiet: bool,
    /// What the sources leave open.
    #[command(flatten)]
    pub settings: Settings,
}
