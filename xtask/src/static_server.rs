//! A static file server for tests: the page as any static host would serve it, with no backend.
//!
//! Serves `GET` of plain files of one folder, with the headers that `_headers` gives for all paths.
//! One thread per connection, one request per connection; not for anything but tests.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, thread};

/// Serves `folder` on a free port until the program ends; returns the URL.
pub(crate) fn start(folder: &Path) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let headers = fs::read_to_string(folder.join("_headers"))
        .with_context(|| format!("{} has no _headers: build the page first", folder.display()))?;
    let site = Arc::new(Site { folder: folder.to_path_buf(), headers: for_all_paths(&headers) });
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = Arc::clone(&site);
            // A client that goes away in mid-answer is no fault of the test.
            thread::spawn(move || site.answer(stream).ok());
        }
    });
    Ok(url)
}

#[derive(Debug)]
struct Site {
    folder: PathBuf,
    headers: String,
}

impl Site {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        // The rest of the head must be read, or closing resets the connection.
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let found = self.file(&request).and_then(|path| Some((fs::read(&path).ok()?, path)));
        let (status, kind, body) = match found {
            Some((body, path)) => ("200 OK", media_type(&path), body),
            None => ("404 Not Found", "text/plain; charset=utf-8", b"not found\n".to_vec()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{}Connection: \
             close\r\n\r\n",
            body.len(),
            self.headers
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)?;
        stream.shutdown(Shutdown::Write)
    }

    /// The file that a request line asks for; never one outside the folder.
    fn file(&self, request: &str) -> Option<PathBuf> {
        let target = request.strip_prefix("GET ")?.split(' ').next()?;
        let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
        let path = Path::new(if path.is_empty() { "index.html" } else { path });
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        plain.then(|| self.folder.join(path)).filter(|path| path.is_file())
    }
}

/// The headers of the block `/*`, as they are sent.
fn for_all_paths(text: &str) -> String {
    let block = text.lines().skip_while(|line| *line != "/*").skip(1);
    let mut headers = String::new();
    for line in block.take_while(|line| line.starts_with(' ')) {
        headers.push_str(line.trim());
        headers.push_str("\r\n");
    }
    headers
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn get(url: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn files_of_the_folder_are_served_and_no_others() {
        let top = std::env::temp_dir().join(format!("omniguard-static-{}", std::process::id()));
        let folder = top.join("dist");
        fs::create_dir_all(&folder).unwrap();
        fs::write(top.join("secret.txt"), "secret").unwrap();
        fs::write(folder.join("index.html"), "<p>page").unwrap();
        fs::write(folder.join("_headers"), "/*\n  X-Test: yes\n/a\n  X-Other: no\n").unwrap();
        let url = start(&folder).unwrap();

        let page = get(&url, "/?seed=7");
        assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("<p>page"), "{page}");
        assert!(page.contains("X-Test: yes\r\n") && !page.contains("X-Other"), "{page}");
        assert!(get(&url, "/healthz").starts_with("HTTP/1.1 404"));
        assert!(get(&url, "/../secret.txt").starts_with("HTTP/1.1 404"));
        assert!(get(&url, "//etc/hostname").starts_with("HTTP/1.1 404"));
        fs::remove_dir_all(top).unwrap();
    }
}
