//! `upload`: a file in pieces, its checksum, and no checksum of a part of it.
use super::start;
use examples::upload::Crc32;
use rpc_core::fixture::TestServer;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

const UPLOAD: &str = env!("CARGO_BIN_EXE_upload");

fn send(server: &TestServer, file: &str) -> Child {
    let mut command = Command::new(UPLOAD);
    command.args(["--at", server.address(), "send", file]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Its status, what it printed, and what it said.
fn end(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Bytes that repeat in no piece.
fn bytes(count: u32) -> Vec<u8> {
    (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn the_checksum_of_a_file_and_of_standard_input() {
    let server = start(UPLOAD);
    let file = server.directory().join("file");
    // Less than a piece, and far more than a window.
    for content in [vec![], b"123456789".to_vec(), bytes(10_000_001)] {
        let mut crc = Crc32::default();
        crc.update(&content);
        let sum = format!("{:08x}  {}\n", crc.value(), content.len());
        std::fs::write(&file, &content).unwrap();
        // Standard error is no terminal: there is no bar.
        assert_eq!(end(send(&server, file.to_str().unwrap())), (Some(0), sum.clone(), String::new()));
        let mut piped = send(&server, "-");
        piped.stdin.take().unwrap().write_all(&content).unwrap();
        assert_eq!(end(piped), (Some(0), sum, String::new()));
    }
    let missing = end(send(&server, "/no/such/file"));
    let why = "upload: cannot open /no/such/file: No such file or directory (os error 2)\n";
    assert_eq!(missing, (Some(1), String::new(), why.to_owned()));
    server.stop().unwrap();
}

#[test]
fn a_server_killed_in_the_midst_of_an_upload_is_told() {
    let server = start(UPLOAD);
    let mut upload = send(&server, "-");
    let mut stdin = upload.stdin.take().unwrap();
    // More than pipes, windows and sockets hold together: the server has taken some of it.
    stdin.write_all(&bytes(4 << 20)).unwrap();
    server.kill().unwrap();
    // The client sees it with the next piece.
    while stdin.write_all(&bytes(64 << 10)).is_ok() {}
    let (status, printed, said) = end(upload);
    assert_eq!((status, printed.as_str()), (Some(1), ""));
    assert!(said.ends_with("(whether the call ran is unknown)\n"), "{said}");
}

#[test]
fn the_end_of_input_that_meets_a_dead_server_is_no_success() {
    let server = start(UPLOAD);
    let mut upload = send(&server, "-");
    upload.stdin.as_mut().unwrap().write_all(&bytes(4 << 20)).unwrap();
    server.kill().unwrap();
    let mut said = String::new();
    drop(upload.stdin.take());
    upload.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(upload.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.starts_with("upload: ") && said.contains("connection"), "{said}");
}
