//! The README's journal does what is said of it there, over a socket.
use examples::journal::{Editor, EditorHandler, EmptyWord, Journal, JournalClient, Pages, Scanned};
use rpc_core::{Connect, Context, Listening, Server};

/// A journal with entries, and where it is served.
fn serve() -> (Listening, String) {
    let server = Server::new(Journal::serve(Pages::default())).listen("tcp:127.0.0.1:0").unwrap();
    let address = server.addresses()[0].to_string();
    let entries = ["rain on Monday", "sun on Tuesday", "rain on Friday"].map(str::to_owned);
    assert_eq!(Journal::connect(&address).unwrap().load().send_all(&entries).unwrap(), 3);
    (server, address)
}

fn list(journal: &JournalClient, word: &str) -> Vec<String> {
    journal.list(word).collect::<Result<_, _>>().unwrap()
}

#[test]
fn items_come_and_go() {
    let (_server, address) = serve();
    let journal = Journal::connect(&address).unwrap();
    assert_eq!(list(&journal, "rain"), ["rain on Monday", "rain on Friday"]);
    let mut scan = journal.scan("rain");
    assert_eq!(scan.items().map(Result::unwrap).count(), 2);
    assert_eq!(scan.finish().unwrap(), Ok(Scanned { found: 2, of: 3 }));
    assert_eq!(journal.scan("").finish().unwrap(), Err(EmptyWord));
    let (mut words, mut found) = journal.lookup();
    for (word, entry) in [("sun", Some("sun on Tuesday")), ("snow", None)] {
        words.send(&word.to_owned()).unwrap();
        assert_eq!(found.recv().unwrap().unwrap().as_deref(), entry, "before the next word is sent");
    }
    words.finish();
    assert!(found.recv().is_none());
    found.finish().unwrap();
}

#[test]
fn whoever_watches_sees_what_is_added() {
    let (_server, address) = serve();
    let (journal, other) = (Journal::connect(&address).unwrap(), Journal::connect(&address).unwrap());
    let mut watch = journal.watch();
    // It is not told when it is subscribed, so entries are added until it sees one.
    std::thread::scope(|scope| {
        let (seen, sees) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            while sees.try_recv().is_err() {
                other.load().send_all(&["fog".to_owned()]).unwrap();
            }
        });
        assert_eq!(watch.next().unwrap().unwrap(), "fog");
        drop(watch);
        seen.send(()).unwrap();
    });
}

#[test]
fn what_came_before_an_upload_broke_off_stays() {
    let (_server, address) = serve();
    let journal = Journal::connect(&address).unwrap();
    let mut load = journal.load();
    load.send(&"half a day".to_owned()).unwrap();
    drop(load);
    while list(&journal, "half").is_empty() {}
    assert_eq!(journal.load().finish().unwrap(), 4, "what came counts, and the server goes on");
}

struct NoRain;

impl EditorHandler for NoRain {
    fn keeps(&self, _cx: &Context, entry: &str) -> bool {
        !entry.contains("rain")
    }
}

#[test]
fn the_server_asks_its_client() {
    let (_server, address) = serve();
    let journal = Journal::client(Connect::new(&address).offer(Editor::serve(NoRain)).connect().unwrap());
    assert_eq!(journal.tidy().unwrap(), Ok(2));
    assert_eq!(list(&journal, ""), ["sun on Tuesday"]);
    let alone = Journal::connect(&address).unwrap();
    assert!(alone.tidy().unwrap().is_err(), "it offers no editor");
}
