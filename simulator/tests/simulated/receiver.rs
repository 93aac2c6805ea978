//! An endpoint for webhooks that answers as it is told and remembers what came.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;

#[derive(Clone)]
pub(crate) struct Heard {
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    }
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Receiver {
    /// Answers with these statuses in turn, then with 200.
    pub(crate) async fn start(answers: &[u16]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/hooks?token=secret",
            listener.local_addr().unwrap()
        );
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let answers = Arc::new(Mutex::new(
            answers.iter().rev().copied().collect::<Vec<_>>(),
        ));
        let receiver = Self {
            url,
            heard: Arc::clone(&heard),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heard, answers) = (Arc::clone(&heard), Arc::clone(&answers));
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let (heard, answers) = (Arc::clone(&heard), Arc::clone(&answers));
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        heard.lock().unwrap().push(Heard {
                            headers: parts.headers,
                            body,
                        });
                        let status = answers.lock().unwrap().pop().unwrap_or(200);
                        let response = hyper::Response::builder()
                            .status(status)
                            .body(Empty::<Bytes>::new());
                        Ok::<_, Infallible>(response.unwrap())
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        receiver
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until so many deliveries have come.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Heard> {
        for _ in 0..500 {
            if self.heard().len() >= count {
                return self.heard();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} deliveries came, not {count}", self.heard().len());
    }
}

/// Long enough for something that should not come to have come.
pub(crate) async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}
