package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.Fingerprint;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An archive on a web server. Each time it is opened the server is asked for its entity tag or the
 * time of its last change, so that a newer one is seen; one named with its checksum, {@code
 * URL#sha256=HEX}, is asked for once and compared with it.
 *
 * @param uri without the checksum
 * @param sha256 null if none was given
 */
record WebArchive(String name, URI uri, String sha256, Retries retries) {
  private static final Pattern CHECKSUM = Pattern.compile("(?i)sha256=([0-9a-f]{64})");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Answers to a HEAD that a GET may not get; 403 where the URL is signed for one method. */
  private static final Set<Integer> NOT_FOR_HEAD = Set.of(403, 405, 501);

  /** Hadoop's own client of the web knows neither lengths nor times. */
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NORMAL)
          .connectTimeout(PATIENCE)
          .build();

  static boolean isOne(String uri) {
    String lower = uri.toLowerCase(Locale.ROOT);
    return lower.startsWith("http://") || lower.startsWith("https://");
  }

  /**
   * The archive that a URL names.
   *
   * @throws UserError if it is no archive by its name, or what follows the {@code #} no checksum
   */
  static WebArchive of(String text, Retries retries) {
    int hash = text.indexOf('#');
    String plain = hash < 0 ? text : text.substring(0, hash);
    Matcher checksum = CHECKSUM.matcher(hash < 0 ? "" : text.substring(hash + 1));
    if (hash >= 0 && !checksum.matches()) {
      throw new UserError(
          "Model %s: found '%s', wanted #sha256= and 64 hexadecimal digits after the archive's URL."
              .formatted(text, text.substring(hash)));
    }
    URI uri = URI.create(plain);
    if (uri.getPath() == null || ArchiveTree.Format.of(uri.getPath()).isEmpty()) {
      throw new UserError(
          ("Model %s: a web server has no folders to look into; wanted the URL of an archive (.zip,"
                  + " .tar.gz, .tgz or .tar) that holds the model's directory.")
              .formatted(text));
    }
    return new WebArchive(
        text, uri, hash < 0 ? null : checksum.group(1).toLowerCase(Locale.ROOT), retries);
  }

  ModelSource model() {
    String path = uri.getScheme() + "://" + uri.getRawAuthority() + uri.getPath();
    // The format is told by how the path ends; what else names the archive stands before it.
    String identity =
        Stream.of(sha256, uri.getRawQuery(), path)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(" "));
    return new PackedModel(name, identity, this::state, this::fetch, true);
  }

  /**
   * Tells the present contents from others, by the checksum or by what the server says.
   *
   * @throws UserError if there is no checksum, and the server says nothing
   */
  private String state() throws IOException {
    return sha256 != null ? sha256 : retries.read("Looking up " + uri, this::ask);
  }

  private String ask() throws IOException {
    HttpResponse<?> answer = send("HEAD", BodyHandlers.discarding());
    if (NOT_FOR_HEAD.contains(answer.statusCode())) {
      HttpResponse<InputStream> begun = send("GET", BodyHandlers.ofInputStream());
      begun.body().close();
      answer = begun;
    }
    requireFound(answer);
    HttpHeaders headers = answer.headers();
    String version =
        headers.firstValue("ETag").or(() -> headers.firstValue("Last-Modified")).orElse(null);
    if (version == null) {
      throw new UserError(
          ("Model %s: its server gives neither an ETag nor a time of last change, so that a newer"
                  + " model would not be seen. Name it with its checksum: %s#sha256=HEX.")
              .formatted(name, uri));
    }
    return version + " " + headers.firstValue("Content-Length").orElse("");
  }

  private Path fetch(Path newFile) throws IOException {
    retries.read(
        "Copying " + uri,
        () -> {
          HttpResponse<InputStream> answer = send("GET", BodyHandlers.ofInputStream());
          try (InputStream in = answer.body()) {
            requireFound(answer);
            long length = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
            CopyIn.file(in, newFile, length, uri.toString());
          }
          return null;
        });
    String found = Fingerprint.of(newFile);
    if (sha256 != null && !found.equals(sha256)) {
      throw new UserError(
          "Model %s: its server sent an archive with SHA-256 %s, wanted %s. Name that checksum if the archive was replaced on purpose."
              .formatted(name, found, sha256));
    }
    return newFile;
  }

  private <T> HttpResponse<T> send(String method, BodyHandler<T> body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(PATIENCE)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build();
    try {
      return CLIENT.send(request, body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while fetching a model");
    }
  }

  private void requireFound(HttpResponse<?> answer) throws IOException {
    int status = answer.statusCode();
    switch (status) {
      case 200 -> {}
      case 404, 410 ->
          throw new UserError(
              "Model %s does not exist: its server answers %d.".formatted(name, status));
      case 401, 403 ->
          throw new AccessDeniedException(
              uri.toString(), null, "the server answers %d".formatted(status));
      default -> throw new IOException("%s: the server answers %d".formatted(uri, status));
    }
  }
}
