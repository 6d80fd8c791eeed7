//! How `npm run peers` talks with an implementation of MLS. Each line of the input is a request: a word, the number of a
//! suite, and bytes in base64. Each gets one line: `ok` and bytes in base64, or `error` and why. `answer-lines.ts` is the
//! same for Node.
use base64::{Engine, prelude::BASE64_STANDARD};
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A member-to-be and a member of groups. Its signature keys and the private keys of its packages stay inside.
pub trait Peer {
    /// A package as an MLSMessage, made as the implementation makes it without options.
    fn key_package(&mut self, suite: u16, identity: &[u8]) -> Result<Vec<u8>>;
    /// By the key that signs this peer's packages of the suite.
    fn sign(&mut self, suite: u16, content: &[u8]) -> Result<Vec<u8>>;
    /// Takes over a package that was made elsewhere.
    fn import(&mut self, suite: u16, package: Foreign) -> Result<()>;
    /// A new group of one with this identity and the owner of this package, and a message that says the text.
    fn add(&mut self, suite: u16, identity: &[u8], key_package: &[u8], text: &[u8]) -> Result<Added>;
    /// Joins a group by the Welcome to one of its packages, and gives what the application message says.
    fn join(&mut self, suite: u16, welcome: &[u8], message: &[u8]) -> Result<Vec<u8>>;
}

/// A package with its private keys, as RFC 9180 and its post-quantum draft serialize them.
pub struct Foreign<'a> {
    pub key_package: &'a [u8],
    pub init_key: &'a [u8],
    pub encryption_key: &'a [u8],
}

/// MLSMessages. The Welcome has the ratchet tree inside.
pub struct Added {
    pub welcome: Vec<u8>,
    /// An application message.
    pub message: Vec<u8>,
}

/// Answers until the input ends.
pub fn serve(peer: &mut impl Peer) -> io::Result<()> {
    // The panic's text is in the answer.
    std::panic::set_hook(Box::new(|_| {}));
    for line in io::stdin().lock().lines() {
        let answer = match answer_to(peer, &line?) {
            Ok(parts) => parts.iter().fold("ok".to_owned(), |line, part| line + " " + &BASE64_STANDARD.encode(part)),
            Err(error) => format!("error {}", with_sources(error.as_ref()).replace('\n', " ")),
        };
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

/// Some implementations panic at suites that they do not have.
fn answer_to(peer: &mut impl Peer, line: &str) -> Result<Vec<Vec<u8>>> {
    catch_unwind(AssertUnwindSafe(|| dispatch(peer, line))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied());
        Err(format!("it panicked: {}", text.unwrap_or("without a text")).into())
    })
}

fn dispatch(peer: &mut impl Peer, line: &str) -> Result<Vec<Vec<u8>>> {
    let mut words = line.split(' ');
    let request = words.next().unwrap_or_default();
    let suite = words.next().ok_or("expected the number of a suite")?.parse()?;
    let bytes = words.map(|word| BASE64_STANDARD.decode(word)).collect::<std::result::Result<Vec<_>, _>>()?;
    match (request, bytes.as_slice()) {
        ("key-package", [identity]) => Ok(vec![peer.key_package(suite, identity)?]),
        ("sign", [content]) => Ok(vec![peer.sign(suite, content)?]),
        ("import", [key_package, init_key, encryption_key, _signature_key]) => {
            peer.import(suite, Foreign { key_package, init_key, encryption_key })?;
            Ok(vec![])
        }
        ("add", [identity, key_package, text]) => {
            let Added { welcome, message } = peer.add(suite, identity, key_package, text)?;
            Ok(vec![welcome, message])
        }
        // These implementations find the package by its reference in the Welcome.
        ("join", [_key_package, welcome, message]) => Ok(vec![peer.join(suite, welcome, message)?]),
        (request, bytes) => Err(format!("no request {request} with {} arguments", bytes.len()).into()),
    }
}

fn with_sources(error: &dyn Error) -> String {
    let own = error.to_string();
    match error.source().map(with_sources) {
        Some(source) if !own.contains(&source) => format!("{own}: {source}"),
        _ => own,
    }
}
