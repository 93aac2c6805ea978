//! Listening, connections that can really be cut, and a clean end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::options::Options;
use crate::simulator::Simulator;
use crate::{call, delivery, routes, scenario};

/// How long calls under way may take once the simulator has been told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// The handle by which a call cuts the connection that it came by.
#[derive(Clone, Default)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    pub(crate) fn cut(&self) {
        self.0.notify_one();
    }
}

/// A simulator that is listening.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its public origin, as in `payment_url`.
    pub origin: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Stops: no new connections, calls under way answered.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

/// Starts a simulator; it answers from the moment this returns.
///
/// # Errors
/// Where the port is taken, or the state file or the scenario cannot be used.
pub async fn start(options: Options) -> io::Result<Running> {
    let listener = TcpListener::bind((options.host, options.port)).await?;
    let address = listener.local_addr()?;
    let origin = match &options.public_origin {
        Some(origin) => origin.trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    };
    let simulator = Arc::new(Simulator::open(options, origin.clone()).map_err(io::Error::other)?);
    scenario::at_start(&simulator).map_err(io::Error::other)?;
    let (stop, stopping) = watch::channel(false);
    let deliveries = tokio::spawn(delivery::deliver(Arc::clone(&simulator)));
    let task = tokio::spawn(async move {
        accept(listener, simulator, stopping).await;
        deliveries.abort();
    });
    Ok(Running {
        address,
        origin,
        stop,
        task,
    })
}

async fn accept(
    listener: TcpListener,
    simulator: Arc<Simulator>,
    mut stopping: watch::Receiver<bool>,
) {
    let router = routes::routes(Arc::clone(&simulator));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&simulator), router.clone(), stopping.clone()));
                }
                // Out of descriptors, say: they come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            // Ended connections are cleared away as they end.
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stopping) => break,
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all_ended).await;
}

async fn serve(
    stream: TcpStream,
    simulator: Arc<Simulator>,
    router: axum::Router,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let connection = Connection::default();
    let service = service_fn(|request| {
        call::answer(
            Arc::clone(&simulator),
            router.clone(),
            connection.clone(),
            request,
        )
    });
    let http =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut http = std::pin::pin!(http);
    tokio::select! {
        _ = http.as_mut() => {}
        // Returning drops the stream with whatever answer was on its way: the client sees the connection end without one.
        () = connection.0.notified() => {}
        () = stopped(&mut stopping) => {
            http.as_mut().graceful_shutdown();
            let _ = http.await;
        }
    }
}

/// Waits until the simulator has been told to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
