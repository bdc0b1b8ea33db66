//! Frames over a Unix socket: a length, and as many bytes.
use postcard_rpc::header::{VarHeader, VarKeyKind};
use postcard_rpc::server::{AsWireRxErrorKind, AsWireTxErrorKind, WireRxErrorKind, WireTxErrorKind};
use postcard_rpc::{host_client, postcard, server};
use serde::Serialize;
use std::convert::Infallible;
use std::fmt::Arguments;
use std::future::Future;
use std::io;
use std::sync::Arc;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex;

const LENGTH_BYTES: usize = 4;

/// A client's two ways.
pub(crate) fn client(stream: UnixStream) -> (Rx, ClientTx) {
    let (input, output) = stream.into_split();
    (Rx(BufReader::new(input)), ClientTx(output))
}

/// A server's two ways.
pub(crate) fn server(stream: UnixStream) -> (Rx, Tx) {
    let (input, output) = stream.into_split();
    (Rx(BufReader::new(input)), Tx(Arc::new(Mutex::new(output))))
}

/// Why a frame does not get through.
#[derive(Debug, Error)]
pub enum WireError {
    #[error(transparent)]
    Socket(#[from] io::Error),
    #[error("the message is too large")]
    TooLarge,
    #[error(transparent)]
    Postcard(#[from] postcard::Error),
}

impl AsWireRxErrorKind for WireError {
    fn as_kind(&self) -> WireRxErrorKind {
        match self {
            Self::Socket(_) => WireRxErrorKind::ConnectionClosed,
            Self::TooLarge => WireRxErrorKind::ReceivedMessageTooLarge,
            Self::Postcard(_) => WireRxErrorKind::Other,
        }
    }
}

impl AsWireTxErrorKind for WireError {
    fn as_kind(&self) -> WireTxErrorKind {
        match self {
            Self::Socket(_) => WireTxErrorKind::ConnectionClosed,
            Self::TooLarge | Self::Postcard(_) => WireTxErrorKind::Other,
        }
    }
}

/// Either side's way in.
pub(crate) struct Rx(BufReader<OwnedReadHalf>);

impl Rx {
    async fn length(&mut self) -> io::Result<usize> {
        Ok(self.0.read_u32_le().await? as usize)
    }
}

impl host_client::WireRx for Rx {
    type Error = WireError;

    async fn receive(&mut self) -> Result<Vec<u8>, WireError> {
        let mut frame = vec![0; self.length().await?];
        self.0.read_exact(&mut frame).await?;
        Ok(frame)
    }
}

impl server::WireRx for Rx {
    type Error = WireError;

    async fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a mut [u8], WireError> {
        let length = self.length().await?;
        let frame = buffer.get_mut(..length).ok_or(WireError::TooLarge)?;
        self.0.read_exact(frame).await?;
        Ok(frame)
    }
}

/// The client's way out.
pub(crate) struct ClientTx(OwnedWriteHalf);

impl host_client::WireTx for ClientTx {
    type Error = WireError;

    async fn send(&mut self, frame: Vec<u8>) -> Result<(), WireError> {
        let mut message = Vec::with_capacity(LENGTH_BYTES + frame.len());
        message.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        message.extend_from_slice(&frame);
        Ok(self.0.write_all(&message).await?)
    }
}

/// The server's way out.
#[derive(Clone)]
pub struct Tx(Arc<Mutex<OwnedWriteHalf>>);

impl Tx {
    /// Of a message whose first bytes are kept for its length.
    async fn write(&self, mut message: Vec<u8>) -> Result<(), WireError> {
        let length = (message.len() - LENGTH_BYTES) as u32;
        message[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        Ok(self.0.lock().await.write_all(&message).await?)
    }
}

impl server::WireTx for Tx {
    type Error = WireError;

    async fn send<T: Serialize + ?Sized>(&self, header: VarHeader, value: &T) -> Result<(), WireError> {
        let mut message = vec![0; LENGTH_BYTES];
        message.extend_from_slice(&header.write_to_vec());
        self.write(postcard::to_extend(value, message)?).await
    }

    async fn send_raw(&self, frame: &[u8]) -> Result<(), WireError> {
        self.write([&[0; LENGTH_BYTES], frame].concat()).await
    }

    /// Logs go nowhere: no work writes any.
    async fn send_log_str(&self, _: VarKeyKind, _: &str) -> Result<(), WireError> {
        Ok(())
    }

    async fn send_log_fmt<'a>(&self, _: VarKeyKind, _: Arguments<'a>) -> Result<(), WireError> {
        Ok(())
    }
}

/// By tokio.
#[derive(Clone)]
pub struct Spawn;

impl host_client::WireSpawn for Spawn {
    fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(future);
    }
}

impl server::WireSpawn for Spawn {
    type Error = Infallible;
    type Info = ();

    fn info(&self) -> &() {
        &()
    }
}
