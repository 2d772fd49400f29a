package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.embark.UserError;
import io.embark.model.Fingerprint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models on a web server, whose archive is replaced, moved or not to be had. */
class WebModelTest {
  @TempDir Path cache;
  @TempDir Path directory;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private byte[] archive;
  private Map<String, String> headers = Map.of();
  private int status = 200;
  private int statusOfHead = 200;
  private boolean cut;

  @BeforeEach
  void start() throws IOException {
    FarAway.reset();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    serve("first");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void serve(String graph) throws IOException {
    Path file = directory.resolve("m.zip");
    Archives.write(file, Map.of("m/model.onnx", graph, "m/tokenizer.json", "{}"));
    archive = Files.readAllBytes(file);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    asked.add(method);
    headers.forEach(exchange.getResponseHeaders()::set);
    boolean head = method.equals("HEAD");
    int code = head ? statusOfHead : status;
    if (code != 200) {
      exchange.sendResponseHeaders(code, -1);
    } else if (head) {
      exchange.getResponseHeaders().set("Content-Length", "" + archive.length);
      exchange.sendResponseHeaders(200, -1);
    } else {
      exchange.sendResponseHeaders(200, archive.length);
      exchange.getResponseBody().write(archive, 0, cut ? archive.length / 2 : archive.length);
    }
    exchange.close();
  }

  private String uri() {
    return "http://127.0.0.1:%d/models/m.zip".formatted(server.getAddress().getPort());
  }

  private String graph(String uri) throws IOException {
    return Files.readString(FarAway.store(cache).open(uri, null).onnxFile());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ETag", "Last-Modified"})
  void aNewerOneIsSeenAndAnOldOneIsNotFetchedAgain(String header) throws IOException {
    headers = Map.of(header, "\"1\"");
    assertThat(graph(uri())).isEqualTo("first");
    assertThat(asked).as("before and after the copy").containsExactly("HEAD", "GET", "HEAD");
    asked.clear();
    assertThat(graph(uri())).isEqualTo("first");
    assertThat(asked).containsExactly("HEAD");
    serve("again");
    headers = Map.of(header, "\"2\"");
    assertThat(graph(uri())).isEqualTo("again");
    assertThat(graph(uri() + "?v=1")).as("another place").isEqualTo("again");
    try (Stream<Path> copies = Files.list(cache.resolve("models"))) {
      assertThat(copies).hasSize(3);
    }
  }

  @Test
  void withoutTheServerTheCopyIsTaken() throws IOException {
    headers = Map.of("ETag", "\"1\"");
    graph(uri());
    status = 503;
    statusOfHead = 503;
    assertThat(graph(uri())).isEqualTo("first");
    server.stop(0);
    assertThat(graph(uri())).isEqualTo("first");
    ModelStore offline = FarAway.store(cache, 1L << 40, true);
    assertThat(offline.open(uri(), null).onnxFile()).hasContent("first");
    assertThatThrownBy(() -> graph(uri().replace("m.zip", "n.zip")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("this host has no copy");
  }

  @Test
  void whatCannotBeRefreshedMustBeNamedWithItsChecksum() throws IOException {
    assertThatThrownBy(() -> graph(uri()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("neither an ETag nor")
        .hasMessageContaining(uri() + "#sha256=HEX");
    String first = uri() + "#sha256=" + Fingerprint.of(directory.resolve("m.zip"));
    assertThat(graph(first)).isEqualTo("first");
    asked.clear();
    assertThat(graph(first)).isEqualTo("first");
    assertThat(asked).isEmpty();
    serve("again");
    String again = uri() + "#sha256=" + Fingerprint.of(directory.resolve("m.zip"));
    assertThat(graph(again)).isEqualTo("again");
    assertThat(graph(first)).isEqualTo("first");
    ModelStore offline = FarAway.store(cache, 1L << 40, true);
    assertThat(offline.open(first, null).onnxFile()).hasContent("first");
    String other = uri() + "#sha256=" + "0".repeat(64);
    assertThatThrownBy(() -> offline.open(other, null)).hasMessageContaining("EMBARK_OFFLINE");
    assertThatThrownBy(() -> graph(other))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("wanted " + "0".repeat(64));
  }

  @Test
  void aServerThatAnswersNoHeadIsAskedOtherwise() throws IOException {
    headers = Map.of("ETag", "\"1\"");
    for (int code : new int[] {403, 405, 501}) {
      statusOfHead = code;
      assertThat(graph(uri())).isEqualTo("first");
    }
    assertThat(asked).contains("GET");
  }

  @Test
  void whatIsMissingForbiddenOrCutIsSaid() {
    headers = Map.of("ETag", "\"1\"");
    status = 404;
    statusOfHead = 404;
    assertThatThrownBy(() -> graph(uri()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("does not exist: its server answers 404");
    assertThat(asked).as("not tried again").containsExactly("HEAD");
    status = 403;
    statusOfHead = 403;
    assertThatThrownBy(() -> graph(uri())).hasCauseInstanceOf(AccessDeniedException.class);
    status = 200;
    statusOfHead = 200;
    cut = true;
    assertThatThrownBy(() -> graph(uri())).isInstanceOf(IOException.class);
    assertThat(cache.resolve("models")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://h/model",
        "https://h/model.onnx",
        "https://h/m.zip#sha256=12",
        "https://h/m.zip#md5=00",
        "https://h/m.txt?as=.zip"
      })
  void whatCannotWorkIsRefusedWithoutAsking(String uri) {
    assertThatThrownBy(() -> FarAway.store(cache).open(uri, null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Model " + uri + ": ");
  }
}
