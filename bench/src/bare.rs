//! The floor: a server on the same stack, with the same socket options, timers and scheduling, that does no work.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const BACKLOG: i32 = 1024;
const HEADER_SECONDS_MAX: u64 = 10;
const BODY_SECONDS_MAX: u64 = 20;

pub(crate) async fn run(listen: SocketAddr, response_bytes: usize) -> anyhow::Result<()> {
    let socket = Socket::new(Domain::for_address(listen), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let body = Bytes::from(vec![b'x'; body_bytes(response_bytes).context("an answer is larger than that")?]);
    println!("bare is ready: http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        let service = service_fn(move |request| {
            let body = body.clone();
            async move { Ok::<_, Infallible>(answer(request, body).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(HEADER_SECONDS_MAX))
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>, body: Bytes) -> Response<Full<Bytes>> {
    let read = tokio::time::timeout(Duration::from_secs(BODY_SECONDS_MAX), request.into_body().collect());
    // A body that does not arrive ends the connection in hyper; nothing needs to be said about it here.
    let _ = read.await;
    // As the pipeline does while audit records gather: answers are written after the ready batch.
    tokio::task::yield_now().await;
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

/// The body that makes an answer this long together with the head hyper writes.
fn body_bytes(response_bytes: usize) -> Option<usize> {
    let head = |body: usize| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {body}\r\n\
             date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
        )
        .len()
    };
    (0..response_bytes).rev().find(|body| head(*body) + body <= response_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_fills_the_answer_up() {
        // Counted by hand: the head is 116 bytes and the digits of the length.
        assert_eq!(body_bytes(500), Some(500 - 116 - 3));
        assert_eq!(body_bytes(10), None);
    }
}
