//! The load: connections that send the next request as soon as the last is answered.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const ANSWER_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 32;

/// When a run ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Seconds(f64),
    /// After this many requests, over all connections.
    Count(u64),
}

struct Run {
    requests: Vec<Bytes>,
    deadline: Option<Instant>,
    /// Requests that may still be sent.
    left: Cell<u64>,
    refused: Cell<u64>,
    /// One entry an answer, in nanoseconds.
    latencies: RefCell<Vec<u32>>,
}

/// What came of a load.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) answers: usize,
    /// Answers that were no success.
    pub(crate) refused: u64,
    pub(crate) seconds: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

impl Figures {
    /// Answers a second; an error when one was a refusal.
    pub(crate) fn per_second(&self) -> anyhow::Result<f64> {
        anyhow::ensure!(self.refused == 0, "{} of {} answers were refusals", self.refused, self.answers);
        Ok(self.answers as f64 / self.seconds)
    }
}

/// Sends the requests of a file and prints what came of it.
pub(crate) async fn run(address: SocketAddr, connections: usize, until: Until, file: &Path) -> anyhow::Result<()> {
    let requests = split(std::fs::read(file).with_context(|| file.display().to_string())?.into())?;
    anyhow::ensure!(!requests.is_empty(), "{} holds no request", file.display());
    let Figures { answers, refused, seconds, p50_us, p99_us } = measure(address, connections, until, requests).await?;
    let line = json!({
        "answers": answers, "refused": refused, "seconds": seconds, "p50_us": p50_us, "p99_us": p99_us,
    });
    println!("{line}");
    Ok(())
}

/// Sends requests in turn over connections that each have one under way. Needs a `LocalSet` around it.
pub(crate) async fn measure(
    address: SocketAddr,
    connections: usize,
    until: Until,
    requests: Vec<Bytes>,
) -> anyhow::Result<Figures> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let started = Instant::now();
    let (deadline, left) = match until {
        Until::Seconds(seconds) => (Some(started + Duration::from_secs_f64(seconds)), u64::MAX),
        Until::Count(count) => (None, count),
    };
    let (left, refused, latencies) = (Cell::new(left), Cell::new(0), RefCell::default());
    let run = Rc::new(Run { requests, deadline, left, refused, latencies });
    let mut tasks = JoinSet::new();
    for (index, stream) in streams.into_iter().enumerate() {
        // Connections start at different places, so that one moment sees different keys.
        let first = index * run.requests.len() / connections;
        tasks.spawn_local(connection(Rc::clone(&run), stream, first));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let mut latencies = run.latencies.take();
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = (latencies.len() as f64 * share) as usize;
        f64::from(latencies.get(index).or(latencies.last()).copied().unwrap_or_default()) / 1e3
    };
    let (p50_us, p99_us) = (at(0.50), at(0.99));
    Ok(Figures { answers: latencies.len(), refused: run.refused.get(), seconds, p50_us, p99_us })
}

async fn connection(run: Rc<Run>, mut stream: TcpStream, first: usize) -> anyhow::Result<()> {
    let mut buffer = vec![0; ANSWER_BYTES_MAX];
    let mut next = first;
    let mut sent = Instant::now();
    while run.left.get() > 0 && run.deadline.is_none_or(|deadline| sent < deadline) {
        run.left.set(run.left.get() - 1);
        stream.write_all(&run.requests[next % run.requests.len()]).await?;
        next += 1;
        let status = answer(&mut stream, &mut buffer).await?;
        let answered = Instant::now();
        if status != 200 {
            run.refused.set(run.refused.get() + 1);
        }
        let latency = u32::try_from((answered - sent).as_nanos()).unwrap_or(u32::MAX);
        run.latencies.borrow_mut().push(latency);
        sent = answered;
    }
    Ok(())
}

/// Reads one answer; its status.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<u16> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the server closed a connection, or an answer is larger than {ANSWER_BYTES_MAX} bytes");
        }
        filled += read;
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(head) = response.parse(&buffer[..filled])?
            && filled >= head + content_length(response.headers)?
        {
            return response.code.context("no status");
        }
    }
}

fn content_length(headers: &[httparse::Header<'_>]) -> anyhow::Result<usize> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let header = header.context("no content-length")?;
    Ok(std::str::from_utf8(header.value)?.trim().parse()?)
}

/// The single requests of a file.
fn split(mut file: Bytes) -> anyhow::Result<Vec<Bytes>> {
    let mut requests = Vec::new();
    while !file.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(head) = request.parse(&file)? else { bail!("a request is cut off") };
        let whole = head + content_length(request.headers)?;
        anyhow::ensure!(whole <= file.len(), "a request is cut off");
        requests.push(file.split_to(whole));
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_split_by_their_length() {
        let two = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n";
        let requests = split(Bytes::from_static(two.as_bytes())).unwrap();
        assert_eq!(requests.len(), 2);
        assert!(requests[0].ends_with(b"\r\n\r\nabc"));
        assert!(requests[1].ends_with(b"\r\n\r\n"));
        assert!(split(Bytes::copy_from_slice(&two.as_bytes()[..38])).is_err());
    }
}
