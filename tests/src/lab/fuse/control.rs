//! What a test and its server say to each other: one line of JSON each way, bytes of a file after their number.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::lies::{Lies, Served};
use super::world::World;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Answered by nothing, once it is obeyed.
    Lie(Lies),
    /// Answered by the number of bytes, if there is such a file, and the bytes.
    Stored(String),
    /// Answered by the count.
    Served,
}

/// One end.
#[derive(Debug)]
pub(super) struct Control {
    stream: BufReader<UnixStream>,
}

impl Control {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub(super) fn lie(&mut self, lies: Lies) -> io::Result<()> {
        self.send(&Order::Lie(lies))?;
        self.expect()
    }

    pub(super) fn served(&mut self) -> io::Result<Served> {
        self.send(&Order::Served)?;
        self.expect()
    }

    pub(super) fn stored(&mut self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.send(&Order::Stored(name.to_owned()))?;
        let Some(length) = self.expect::<Option<usize>>()? else { return Ok(None) };
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Obeys until the other end is closed.
    pub(super) fn obey(&mut self, world: &World) -> io::Result<()> {
        while let Some(order) = self.receive()? {
            match order {
                Order::Lie(lies) => {
                    world.lie(lies);
                    self.send(&())?;
                }
                Order::Served => self.send(&world.served())?,
                Order::Stored(name) => {
                    let stored = world.stored(&name);
                    self.send(&stored.as_ref().map(Vec::len))?;
                    self.stream.get_mut().write_all(&stored.unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line)
    }

    /// Nothing when the other end is closed.
    fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line)?;
        if length == 0 { Ok(None) } else { Ok(Some(serde_json::from_str(&line)?)) }
    }

    fn expect<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        self.receive()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
