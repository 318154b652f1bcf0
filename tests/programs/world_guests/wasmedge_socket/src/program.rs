// v0_N UDP-PEER TCP-PEER: greets by datagram and tells who sends two; gets a page.

use crate_under_test::{TcpListener, TcpStream, UdpSocket};
use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.send_to(b"hello", &words[1])?;
    for _ in 0..2 {
        let mut buffer = [0; 100];
        let (size, sender) = socket.recv_from(&mut buffer)?;
        println!("{sender}: {}", String::from_utf8_lossy(&buffer[..size]));
        socket.send_to(b"seen", sender)?;
    }

    let mut stream = TcpStream::connect(&words[2])?;
    println!("peer {}", stream.peer_addr()?);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: world\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    println!("{} bytes", answer.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len()));

    let listener = TcpListener::bind("127.0.0.1:0", false)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (_, peer) = listener.accept(false)?;
    println!("{}", peer == client.local_addr()?);
    Ok(())
}
