//! PaySG, simulated.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    paysg_simulator::run(paysg_simulator::Options::parse()).await
}
