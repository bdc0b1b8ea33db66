//! A hello service over a plain socket: what the others are measured by.
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", path] => serve(path),
        ["call", path, name] => call(path, name),
        _ => Err("usage: serve PATH | call PATH NAME".into()),
    }
}

fn serve(path: &str) -> Result<(), Box<dyn Error>> {
    let listener = UnixListener::bind(path)?;
    println!("ready");
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || answer(&stream));
    }
    Ok(())
}

fn answer(mut stream: &UnixStream) -> std::io::Result<()> {
    for name in BufReader::new(stream).lines() {
        stream.write_all(format!("Hello, {}!\n", name?).as_bytes())?;
    }
    Ok(())
}

fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(format!("{name}\n").as_bytes())?;
    let mut greeting = String::new();
    BufReader::new(stream).read_line(&mut greeting)?;
    print!("{greeting}");
    Ok(())
}
