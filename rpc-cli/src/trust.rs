//! Whom this program calls, and with which token: what stands on the command line or in the environment.
use rpc_core::{Connect, Error, Token};
use std::env;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the token is, unless an option says so.
const TOKEN_FILE: &str = "RPC_TOKEN_FILE";

/// Over these alone a token is asked for.
const TCP: &str = "tcp:";

/// Whom to trust, and how to be trusted.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Trust {
    /// Trusts a server of this user on a local socket: a number, or `any`; else only one of your own or of root
    #[arg(long, global = true, value_name = "UID")]
    pub(crate) allow_user: Option<User>,

    /// The file with the token for servers over TCP; traffic is not encrypted [default: $RPC_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Whose server may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Anybody's.
    Any,
    /// This user's, too.
    Uid(u32),
}

impl FromStr for User {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            // `u32::from_str` takes a sign, which no user has.
            _ if text.starts_with('+') => Err("a user is a number, as `id -u NAME` prints it, or `any`"),
            _ => text.parse().map(Self::Uid).map_err(|_| "a user is a number, as `id -u NAME` prints it, or `any`"),
        }
    }
}

impl Trust {
    /// A way to connect to `address` with that.
    pub(crate) fn connect(&self, address: &str) -> Result<Connect, Error> {
        let connect = match self.allow_user {
            None => Connect::new(address),
            Some(User::Any) => Connect::new(address).allow_anyone(),
            Some(User::Uid(uid)) => Connect::new(address).allow_user(uid),
        };
        // A token that is broken must not keep anybody from a local server.
        match self.token_file().filter(|_| address.starts_with(TCP)) {
            Some(file) => Ok(connect.token(Token::from_file(file)?)),
            None => Ok(connect),
        }
    }

    fn token_file(&self) -> Option<PathBuf> {
        let file = self.token_file.clone().or_else(|| env::var_os(TOKEN_FILE).map(PathBuf::from));
        file.filter(|file| !file.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_numbers_or_any() {
        assert_eq!("any".parse(), Ok(User::Any));
        assert_eq!("1000".parse(), Ok(User::Uid(1000)));
        assert_eq!("4294967295".parse(), Ok(User::Uid(u32::MAX)));
        for wrong in ["", "root", "-1", "+1", "4294967296", "1 "] {
            assert!(wrong.parse::<User>().is_err(), "{wrong:?}");
        }
    }
}
