//! Addresses as people write them: what is printed reads back as the same, and what is wrong is named.

use rpc_core::{Address, AddressError, AddressProblem};

fn problem(text: &str) -> AddressProblem {
    let error: AddressError = text.parse::<Address>().unwrap_err();
    assert_eq!(error.text, text);
    assert!(error.to_string().starts_with(&format!("`{text}` is not an address: ")), "{error}");
    error.problem
}

#[test]
fn what_is_printed_reads_back() {
    let texts = ["kv", "k", "Kv-2.test_a", "7", "tcp:localhost:80", "tcp:127.0.0.1:0", "tcp:[::1]:65535"];
    let on_unix = ["/run/x.sock", "./x", "../x/y.sock", "/a/../b", "/with space", "/with:colon"];
    let on_linux = ["@x", "@with space/and:more"];
    let tested = texts.iter().chain(on_unix.iter().filter(|_| cfg!(unix)));
    for text in tested.chain(on_linux.iter().filter(|_| cfg!(target_os = "linux"))) {
        let address: Address = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(address.to_string(), *text);
        assert_eq!(address.to_string().parse::<Address>().as_ref(), Ok(&address));
    }
}

#[test]
fn names_keep_to_a_sane_alphabet() {
    for (text, character) in
        [("a/b", '/'), ("a b", ' '), ("ä", 'ä'), ("a\n", '\n'), (".hidden", '.'), ("-x", '-'), ("a\\b", '\\')]
    {
        assert_eq!(problem(text), AddressProblem::NameCharacter { character });
    }
    assert_eq!(problem(""), AddressProblem::Empty);
    assert_eq!(problem(".."), AddressProblem::NameCharacter { character: '.' });
    assert_eq!(problem("kv.sock"), AddressProblem::NameOfFile { name: "kv.sock".into() });
    assert_eq!(problem("~/x"), AddressProblem::Tilde);
    assert!("n".repeat(64).parse::<Address>().is_ok());
    assert_eq!(problem(&"n".repeat(65)), AddressProblem::NameTooLong { length: 65, limit: 64 });
}

#[cfg(unix)]
#[test]
fn a_path_leads_to_a_file() {
    for text in ["/", "./", "../", "/x/", "/x/.", "/x/..", "./."] {
        assert_eq!(problem(text), AddressProblem::PathOfDirectory, "{text}");
    }
    assert_eq!(problem("/x\0y"), AddressProblem::Nul);
    // A path that reads like a name is printed so that it is none.
    let address = Address::file("x.sock").unwrap();
    assert_eq!(address.to_string(), "./x.sock");
    assert_eq!("./x.sock".parse(), Ok(address));
    assert_eq!(Address::file("").unwrap_err().problem, AddressProblem::Empty);
}

#[cfg(unix)]
#[test]
fn a_name_stands_for_a_file_of_the_registry() {
    let file = "kv".parse::<Address>().unwrap().socket_file().unwrap();
    assert!(file.is_absolute() && file.ends_with("kv.sock"), "{file:?}");
    assert_eq!("tcp:localhost:1".parse::<Address>().unwrap().socket_file(), None);
}

#[test]
fn an_abstract_name_is_never_empty() {
    let expected =
        if cfg!(target_os = "linux") { AddressProblem::AbstractEmpty } else { AddressProblem::NoAbstractSockets };
    assert_eq!(problem("@"), expected);
    if cfg!(target_os = "linux") {
        assert!(format!("@{}", "n".repeat(107)).parse::<Address>().is_ok());
        let long = format!("@{}", "n".repeat(108));
        assert_eq!(problem(&long), AddressProblem::AbstractTooLong { length: 108, limit: 107 });
    }
}

#[test]
fn tcp_has_a_host_and_a_port() {
    for text in ["tcp:", "tcp:localhost", "tcp:[::1]"] {
        assert_eq!(problem(text), AddressProblem::PortMissing, "{text}");
    }
    for port in ["", "65536", "-1", "+1", "http", " 1"] {
        assert_eq!(problem(&format!("tcp:localhost:{port}")), AddressProblem::Port { port: port.into() });
    }
    for host in ["", "a b", "a/b", "@a"] {
        assert_eq!(problem(&format!("tcp:{host}:1")), AddressProblem::Host { host: host.into() });
    }
    for text in ["tcp:::1:1", "tcp:[localhost]:1", "tcp:[]:1", "tcp:a]:1"] {
        assert_eq!(problem(text), AddressProblem::Brackets, "{text}");
    }
    assert!("tcp:[fe80::1%eth0]:1".parse::<Address>().is_ok());
}

#[cfg(unix)]
#[test]
fn a_descriptor_is_0_or_beyond_the_output() {
    for text in ["", "1", "2", "-1", "+3", "x", "3x", "99999999999", "3=x", "3=", "=/x"] {
        assert_eq!(problem(&format!("fd:{text}")), AddressProblem::Descriptor { text: text.into() });
    }
    for text in ["fd:0", "fd:3", "fd:3=/run/kv.sock"] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    let file = "fd:3=/run/kv.sock".parse::<Address>().unwrap().socket_file();
    assert_eq!(file.as_deref(), Some(std::path::Path::new("/run/kv.sock")));
}

#[cfg(unix)]
#[test]
fn a_command_is_divided_into_words() {
    for text in ["exec:kv serve fd:0", "exec:/bin/sh -c 'exec kv \"$1\"' sh", "exec:kv ''", "exec:a:b"] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    // What is printed means the same, whatever was written.
    assert_eq!("exec:  a\\ b  \"c\"".parse::<Address>().unwrap().to_string(), "exec:'a b' c");
    for text in ["exec:", "exec:  ", "exec:''"] {
        assert_eq!(problem(text), AddressProblem::CommandEmpty);
    }
    assert_eq!(problem("exec:a 'b"), AddressProblem::CommandQuote);
}

#[test]
fn a_kind_that_there_is_not() {
    assert_eq!(problem("unix:/x"), AddressProblem::Kind { kind: "unix:".into() });
    if cfg!(not(unix)) {
        assert_eq!(problem("fd:0"), AddressProblem::NoDescriptors);
        assert_eq!(problem("exec:kv"), AddressProblem::NoDescriptors);
    }
}
