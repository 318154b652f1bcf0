use hyper::service::service_fn;
use hyper::{Body, Request, Response};
use tokio::net::{TcpListener, TcpStream};

type Error = Box<dyn std::error::Error>;

async fn answer(request: Request<Body>) -> Result<Response<Body>, hyper::Error> {
    let said = format!("{} {}", request.method(), request.uri());
    let body = hyper::body::to_bytes(request.into_body()).await?;
    let sum: u64 = body.iter().map(|&byte| byte as u64).sum();
    Ok(Response::new(Body::from(format!("{said}: {} bytes, sum {sum}\n", body.len()))))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().collect();
    if words[1] == "get" {
        let (mut sender, connection) = hyper::client::conn::handshake(TcpStream::connect(&words[2]).await?).await?;
        tokio::spawn(connection);
        for path in &words[3..] {
            let request = Request::get(path).header("host", "world").body(Body::empty())?;
            std::future::poll_fn(|context| sender.poll_ready(context)).await?;
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = hyper::body::to_bytes(answer.into_body()).await?;
            println!("{status}: {} bytes, sum {}", body.len(), body.iter().map(|&byte| byte as u64).sum::<u64>());
        }
        return Ok(());
    }
    let listener = TcpListener::bind(&words[2]).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(hyper::server::conn::Http::new().serve_connection(stream, service_fn(answer)));
    }
}
