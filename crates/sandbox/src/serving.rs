//! Accepts connections, and closes idle ones.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// How long a connection may be idle, and how long the header of a request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a connection could not be accepted, for example because too many files are open.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Serves connections until `stopped` is sent or dropped, then waits for the requests in progress. Dropping the future
/// closes all connections at once.
pub(crate) async fn serve(
    listener: TcpListener,
    endpoints: Router,
    mut stopped: oneshot::Receiver<()>,
) {
    let (stop_sender, stop) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, endpoints.clone(), stop.clone()));
                }
                Err(error) => not_accepted(&error).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop((listener, stop_sender));
    while connections.join_next().await.is_some() {}
}

/// Serves one connection. `stop` closes when the sandbox stops.
async fn connection(stream: TcpStream, endpoints: Router, mut stop: watch::Receiver<()>) {
    // The last packet of a page must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let served =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(endpoints));
    let mut served = std::pin::pin!(served);
    let done = tokio::select! {
        done = served.as_mut() => done,
        _ = stop.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection failed");
    }
}

/// Waits, unless the client has disconnected.
async fn not_accepted(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "a connection could not be accepted");
        tokio::time::sleep(RETRY_DELAY).await;
    }
}
