//! Taking connections, and ending those that would never end.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// How long a connection is kept on which no request begins, or whose headers do not come to an end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long is waited when no connection can be taken, as when too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves what connects, until `stopped` is sent or dropped; then until the requests under way are answered. If this is
/// dropped, all connections end at once.
pub(crate) async fn serve(
    listener: TcpListener,
    endpoints: Router,
    mut stopped: oneshot::Receiver<()>,
) {
    let (stopping, told) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, endpoints.clone(), told.clone()));
                }
                Err(error) => refused(&error).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop((listener, stopping));
    while connections.join_next().await.is_some() {}
}

/// Serves one connection. `stopping` closes when the sandbox stops.
async fn connection(stream: TcpStream, endpoints: Router, mut stopping: watch::Receiver<()>) {
    // A page is far larger than a packet; its last packet must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let served =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(endpoints));
    let mut served = std::pin::pin!(served);
    let done = tokio::select! {
        done = served.as_mut() => done,
        _ = stopping.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// A client that has gone again is nothing to wait for; a system that has no room for more is.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "a connection could not be taken");
        tokio::time::sleep(PAUSE).await;
    }
}
