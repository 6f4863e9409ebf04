//! Receivers that do what servers should not: raw sockets on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a connection once its request has begun.
#[derive(Debug, Clone, Copy)]
pub enum Trap {
    /// Nothing is ever answered.
    Hang,
    /// The head of an answer comes one letter at a time and never ends.
    DripHead,
    /// 200, and then a body that comes one letter at a time and never ends.
    DripBody,
    /// The connection is closed without an answer.
    Close,
    /// 500, again and again on one connection.
    Refuse,
    /// 200 with a body that breaks off.
    BreakOff,
    /// 200 with a body of 100 MB.
    Flood,
    /// 200 with a header that never ends.
    EndlessHeader,
    /// Interim answers (103) without end.
    Interim,
}

/// A running trap.
#[derive(Debug)]
pub struct TrapServer {
    url: String,
    connections: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl TrapServer {
    /// Starts one on a free port.
    pub async fn start(trap: Trap) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let url = format!(
            "http://{}/hook",
            listener.local_addr().expect("its address")
        );
        let (connections, written) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (count, bytes) = (Arc::clone(&connections), Arc::clone(&written));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(spring(trap, stream, Arc::clone(&bytes)));
            }
        });
        Self {
            url,
            connections,
            written,
            task,
        }
    }

    /// Where to send webhooks.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many bytes were taken off it.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }
}

impl Drop for TrapServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Errors are the other side hanging up, which is what it should do.
async fn spring(trap: Trap, mut stream: TcpStream, written: Arc<AtomicUsize>) {
    let mut request = vec![0; 64 * 1024];
    if stream.read(&mut request).await.is_err() {
        return;
    }
    let interim = b"HTTP/1.1 103 \r\n\r\n".repeat(4096);
    let (head, forever): (&[u8], &[u8]) = match trap {
        Trap::Hang => return std::future::pending().await,
        Trap::Close => return,
        Trap::Refuse => {
            let refusal = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
            while stream.write_all(refusal).await.is_ok()
                && stream.read(&mut request).await.is_ok_and(|read| read > 0)
            {}
            return;
        }
        Trap::BreakOff => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
                .await;
            return;
        }
        Trap::DripHead => (b"HTTP/1.1 200 OK\r\nx: ", b"x"),
        Trap::DripBody => (b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", b"x"),
        Trap::Interim => (b"", &interim),
        Trap::EndlessHeader => (b"HTTP/1.1 200 OK\r\nx: ", &[b'x'; 65536]),
        Trap::Flood => (
            b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n",
            &[b'x'; 65536],
        ),
    };
    let pause = match trap {
        Trap::Flood | Trap::EndlessHeader | Trap::Interim => Duration::ZERO,
        _ => Duration::from_millis(100),
    };
    let mut sent = stream.write_all(head).await;
    let mut count = 0;
    while sent.is_ok() && count < 100_000_000 {
        tokio::time::sleep(pause).await;
        sent = stream.write_all(forever).await;
        count += forever.len();
        written.fetch_add(forever.len(), Ordering::Relaxed);
    }
}
