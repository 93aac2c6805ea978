//! The program around the server: what it says when it is ready, and how it ends.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::log::say;
use crate::options::{DEFAULT_API_KEY, Options};
use crate::server::{self, Running};

/// Runs a simulator until SIGINT or SIGTERM.
pub async fn run(options: Options) -> ExitCode {
    let (Ok(mut terminated), Ok(mut interrupted)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        crate::log::fatal("signals cannot be listened to");
    };
    let running = match server::start(options.clone()).await {
        Ok(running) => running,
        Err(error) => crate::log::fatal(&format!(
            "cannot start on {}:{}: {error}",
            options.host, options.port
        )),
    };
    welcome(&options, &running);
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    running.stop().await;
    ExitCode::SUCCESS
}

fn welcome(options: &Options, running: &Running) {
    say(format_args!(
        "paysg-simulator listening on http://{}",
        running.address
    ));
    if options.settings.allow_loopback_return_url {
        say(format_args!(
            "WARNING: http:// return URLs of this machine are accepted. PaySG never accepts them."
        ));
    }
    if options.quiet {
        return;
    }
    // A key of the user's own is a secret for all we know.
    let (key, sent) = if options.api_key == DEFAULT_API_KEY {
        (DEFAULT_API_KEY.to_owned(), DEFAULT_API_KEY)
    } else {
        (
            format!("(not shown; in a shell here: {})", options.api_key_from),
            &*options.api_key_from,
        )
    };
    let origin = &running.origin;
    let service = options
        .payment_service_ids
        .first()
        .map_or("", String::as_str);
    say(format_args!("Simulated payments only: no account, no network, no money.

  API base         {origin}
  API key          {key}
  payment service  {}
  webhooks go to   {}
  state            {}

Open {origin}/_sim in a browser: make a payment, watch what is asked, misbehave by a click.
Or create a payment, then open its payment_url:

  curl {origin}/v1/payment-services/{service}/payments \\
    -H \"x-api-key: {sent}\" -H 'content-type: application/json' \\
    -d '{{\"reference_id\":\"LIC-1\",\"payer_name\":\"Tan Ah Kow\",\"description\":\"Licence renewal\",\"amount_in_cents\":2500,\"metadata\":{{}},\"return_url\":\"https://example.com/return\"}}'
",
        options.payment_service_ids.join(", "),
        options.webhook_url.as_deref().unwrap_or("nobody yet (--webhook-url, or /_sim)"),
        options.state.as_ref().map_or_else(|| "in memory".to_owned(), |path| path.display().to_string()),
    ));
}
