//! Proofs, and files with secrets.
use super::*;

const SECRET: &str = "canary-canary-canary";

fn nonces() -> Nonces {
    Nonces { server: [1; 32], client: [2; 32] }
}

/// H9, as another implementation of HMAC computes them.
#[test]
fn golden_proofs() {
    let token = Token::new(SECRET).unwrap();
    let hex = |proof: Nonce| proof.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        hex(token.proof(Role::Client, &nonces())),
        "8cceeb3f5bbc02361e9e6bbc13b45c0e8d10c604f14d51fcc6ae964e8b445723"
    );
    assert_eq!(
        hex(token.proof(Role::Server, &nonces())),
        "f26816bcd8be99c9981d7fffc768cb2e2ba4554f9be8bc22a73f97609f49e8e9"
    );
}

#[test]
fn a_proof_holds_for_one_secret_one_end_and_one_connection() {
    let token = Token::new(SECRET).unwrap();
    let proof = token.proof(Role::Client, &nonces());
    assert!(token.is_proof(Role::Client, &nonces(), &proof));
    assert!(!token.is_proof(Role::Server, &nonces(), &proof), "nobody is answered with his own");
    let (mut other_server, mut other_client) = (nonces(), nonces());
    (other_server.server[31], other_client.client[0]) = (0, 0);
    assert!(!token.is_proof(Role::Client, &other_server, &proof));
    assert!(!token.is_proof(Role::Client, &other_client, &proof));
    assert!(!Token::new("canary-canary-canarx").unwrap().is_proof(Role::Client, &nonces(), &proof));
    for at in 0..32 {
        let mut wrong = proof;
        wrong[at] ^= 1;
        assert!(!token.is_proof(Role::Client, &nonces(), &wrong), "byte {at}");
    }
}

#[test]
fn nonces_do_not_come_again() {
    let found: std::collections::HashSet<_> = (0..1000).map(|_| nonce().unwrap()).collect();
    assert_eq!(found.len(), 1000);
}

#[test]
fn short_secrets_are_refused() {
    assert_eq!(Token::new([7; 15]).unwrap_err(), TokenError::TooShort { bytes: 15, least: 16 });
    assert!(Token::new([7; 16]).is_ok() && Token::new([7; 1000]).is_ok());
}

#[cfg(unix)]
#[test]
fn a_file_holds_a_secret_for_few() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t");
    let from = |text: &[u8], mode: u32| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Token::from_file(&path)
    };
    let same = Token::new(SECRET).unwrap().proof(Role::Client, &nonces());
    for (text, mode) in [("", 0o600), ("\n", 0o640), ("\r\n", 0o400)] {
        let token = from(format!("{SECRET}{text}").as_bytes(), mode).unwrap();
        assert_eq!(token.proof(Role::Client, &nonces()), same);
    }
    let errors = [
        from(format!("{SECRET}\n").as_bytes(), 0o644).unwrap_err(),
        from(&[b'c'; 5000], 0o600).unwrap_err(),
        from(b"canary\n", 0o600).unwrap_err(),
        Token::from_file(directory.path().join("none")).unwrap_err(),
    ];
    assert!(matches!(errors[0], TokenError::Readable { mode: 0o644, .. }));
    assert!(matches!(errors[1], TokenError::TooLong { .. }));
    assert_eq!(errors[2], TokenError::TooShort { bytes: 6, least: 16 });
    assert!(matches!(errors[3], TokenError::File { .. }));
    assert!(errors.iter().all(|error| !format!("{error} {error:?}").contains("canary")));
}
