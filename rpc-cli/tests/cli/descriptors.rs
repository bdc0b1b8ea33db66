//! Methods with file descriptors: they can be seen, and called where nobody has to write one.
use crate::run::Place;
use rpc_core::{Context, Fd, Server, Service};
use std::fs::File;

/// Keeps files.
#[derive(Service)]
enum Files {
    /// How long a file is; 0 if there is none.
    #[rpc(returns = u64)]
    Length { file: Option<Fd> },
    /// A file, and its name.
    #[rpc(returns = (String, Fd))]
    Open,
}

struct Nothing;

impl FilesHandler for Nothing {
    fn length(&self, _cx: &Context, file: Option<Fd>) -> u64 {
        file.and_then(|file| file.into_owned().ok())
            .and_then(|file| File::from(file).metadata().ok())
            .map_or(0, |m| m.len())
    }
    fn open(&self, _cx: &Context) -> (String, Fd) {
        ("null".to_owned(), File::open("/dev/null").unwrap().into())
    }
}

#[test]
fn descriptors_are_seen_and_never_written() {
    let place = Place::new();
    let _server = Server::new(Files::serve(Nothing)).listen(place.path("s").to_str().unwrap()).unwrap();
    let length = "fn length(file: Option<Fd>) -> u64\n";
    place
        .run(&["describe", "./s", "length"])
        .answers(&format!("/// How long a file is; 0 if there is none.\n{length}"));
    place.run(&["call", "./s", "length"]).answers("0\n");
    place.run(&["call", "./s", "length", "file:=null"]).answers("0\n");
    let told = "invalid value: \"3\", expected a file descriptor, which only a program can pass\n  file=3\n       ^";
    let signature = "  length(file: Option<Fd>) -> u64\n";
    place
        .run(&["call", "./s", "length", "file=3"])
        .fails(2, &format!("error: Files.length: file: {told}\n{signature}"));
    place.run(&["call", "./s", "open"]).answers("[\"null\",{\"fd\":0}]\n");
}
