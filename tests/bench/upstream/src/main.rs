//! PaySG as fast as it can be, for the benchmark: every answer follows from the request, so that nothing is stored and nothing waits.
//!
//! `bench-upstream RETURN_URL` prints the port it listens on, and ends with its standard input. A payment's id is `pay_` and its reference.
//! References that begin with `u` are unpaid for ever; others are paid as soon as they are asked for by GET.
//!
//! `GET /_counts` answers `{"gets":…,"creates":…,"told":…}`; `POST /told` is the e-service's fulfilment URL.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const MAX_BODY: usize = 1 << 20;

#[derive(Default)]
struct Counts {
    gets: AtomicU64,
    creates: AtomicU64,
    told: AtomicU64,
}

/// What the connections share.
struct Upstream {
    return_url: String,
    counts: Counts,
}

fn main() -> std::io::Result<()> {
    let upstream = Arc::new(Upstream {
        return_url: std::env::args().nth(1).unwrap_or_default(),
        counts: Counts::default(),
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    std::thread::spawn(|| {
        // Whoever started it has gone.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    // A thread for each connection: workerd keeps few of them, and a blocking read is the cheapest way to wait for one.
    for stream in listener.incoming() {
        let upstream = Arc::clone(&upstream);
        std::thread::spawn(move || {
            // A broken connection is the caller's affair.
            let _ = stream.and_then(|stream| upstream.serve(&stream));
        });
    }
    Ok(())
}

/// As much of a request as decides its answer.
#[derive(Default)]
struct Request {
    line: String,
    content_length: usize,
    body: Vec<u8>,
}

impl Upstream {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::with_capacity(32 * 1024, stream);
        let mut out = Vec::with_capacity(4096);
        let mut request = Request::default();
        while read(&mut reader, &mut request)? {
            let (status, body) = self.answer(&request);
            out.clear();
            write!(
                out,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
            (&*stream).write_all(&out)?;
        }
        Ok(())
    }

    fn answer(&self, request: &Request) -> (&'static str, String) {
        let mut words = request.line.split(' ');
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let mut parts = path.strip_prefix("/v1/payment-services/").unwrap_or(path).split('/');
        let (service, _, id) = (parts.next(), parts.next(), parts.next());
        match (method, path, service, id) {
            ("GET", "/_counts", ..) => ("200 OK", self.counts()),
            ("POST", "/told", ..) => {
                self.counts.told.fetch_add(1, Relaxed);
                ("200 OK", "{}".to_owned())
            }
            ("GET", _, Some(service), Some(id)) => {
                self.counts.gets.fetch_add(1, Relaxed);
                let reference = id.strip_prefix("pay_").unwrap_or(id);
                ("200 OK", self.payment(service, reference, !reference.starts_with('u')))
            }
            ("POST", _, Some(service), None) => {
                self.counts.creates.fetch_add(1, Relaxed);
                let body = String::from_utf8_lossy(&request.body);
                match between(&body, "\"reference_id\":\"", "\"") {
                    Some(reference) => ("201 Created", self.payment(service, reference, false)),
                    None => ("400 Bad Request", "{}".to_owned()),
                }
            }
            _ => ("404 Not Found", "{}".to_owned()),
        }
    }

    fn counts(&self) -> String {
        let Counts { gets, creates, told } = &self.counts;
        format!(
            "{{\"gets\":{},\"creates\":{},\"told\":{}}}",
            gets.load(Relaxed),
            creates.load(Relaxed),
            told.load(Relaxed)
        )
    }

    /// A payment with every field that PaySG's have.
    fn payment(&self, service: &str, reference: &str, paid: bool) -> String {
        let return_url = &self.return_url;
        let (word, succeeded, intent) = if paid {
            (
                "paid",
                "\"2026-11-17T10:05:00.000+08:00\"",
                "\"pi_3NbFZ2AbCdEfGhIj0kLmNoPq\"",
            )
        } else {
            ("unpaid", "null", "null")
        };
        format!(
            "{{\"id\":\"pay_{reference}\",\"payment_service_id\":\"{service}\",\
             \"creator_id\":\"user_5b0d8a3e-0b0e-4a53-9a3c-0c5a1d7d8b11\",\"reference_id\":\"{reference}\",\
             \"payer_name\":\"Tan Ah Kow\",\"payer_identifier\":\"S1234567D\",\"payer_email\":\"tan@example.com\",\
             \"payer_address\":\"1 Example Road, #01-01, Singapore 000001\",\"description\":\"Stall licence, 1 year\",\
             \"amount_in_cents\":4200,\"due_date\":\"31-DEC-2026\",\"return_url\":\"{return_url}\",\"metadata\":{{}},\
             \"payment_url\":\"https://staging.pay.gov.sg/payments/pay_{reference}\",\
             \"payment_qr_code_url\":null,\"latest_status\":\"{word}\",\"payment_status\":\"{word}\",\
             \"refund_status\":\"not_refunded\",\"email_delivery_status\":\"unsent\",\
             \"stripe_payment_intent_id\":{intent},\"payout_id\":null,\
             \"created_at\":\"2026-11-17T10:00:00.000+08:00\",\"updated_at\":\"2026-11-17T10:05:00.000+08:00\",\
             \"payment_sent_timestamp\":null,\"payment_succeeded_timestamp\":{succeeded},\
             \"payment_cancelled_timestamp\":null,\"payment_fully_refunded_timestamp\":null,\"paid_out_timestamp\":null}}"
        )
    }
}

/// Reads a request; false at the end of the connection.
fn read(reader: &mut BufReader<&TcpStream>, request: &mut Request) -> std::io::Result<bool> {
    request.line.clear();
    request.content_length = 0;
    if reader.read_line(&mut request.line)? == 0 {
        return Ok(false);
    }
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            request.content_length = value.parse().unwrap_or_default();
        }
    }
    if request.content_length > MAX_BODY {
        return Ok(false);
    }
    request.body.resize(request.content_length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(true)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
