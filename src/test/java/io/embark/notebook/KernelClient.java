package io.embark.notebook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/**
 * Starts a kernel as Jupyter does and speaks its protocol (version 5.3) with it: requests on the
 * shell channel, outputs from the publishing channel.
 */
final class KernelClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DELIMITER = "<IDS|MSG>";
  private static final int START_MILLIS = 120_000;
  private static final int CELL_MILLIS = 180_000;

  private final String session = UUID.randomUUID().toString();
  private final String key = UUID.randomUUID().toString();
  private final ZContext context = new ZContext();
  private final ZMQ.Socket shell = context.createSocket(SocketType.DEALER);
  private final ZMQ.Socket control = context.createSocket(SocketType.DEALER);
  private final ZMQ.Socket published = context.createSocket(SocketType.SUB);
  private final Process process;
  private final Path log;

  /**
   * @param argv the command, {@code {connection_file}} to be replaced
   * @param folder for the connection file, the kernel's log and as its working directory
   */
  KernelClient(List<String> argv, Path folder) throws IOException {
    ObjectNode connection = JSON.createObjectNode();
    List<ServerSocket> free = new ArrayList<>();
    for (String channel : List.of("shell", "iopub", "stdin", "control", "hb")) {
      ServerSocket port = new ServerSocket(0);
      free.add(port);
      connection.put(channel + "_port", port.getLocalPort());
    }
    for (ServerSocket port : free) {
      port.close();
    }
    connection.put("ip", "127.0.0.1").put("transport", "tcp").put("key", key);
    connection.put("signature_scheme", "hmac-sha256").put("kernel_name", "embark");
    Path file = folder.resolve("connection.json");
    JSON.writeValue(file.toFile(), connection);
    log = folder.resolve("kernel.log");
    ProcessBuilder kernel =
        new ProcessBuilder(
            argv.stream().map(a -> a.replace("{connection_file}", file.toString())).toList());
    kernel.environment().remove("SPARK_HOME");
    kernel.environment().put("JPY_PARENT_PID", Long.toString(ProcessHandle.current().pid()));
    kernel.directory(folder.toFile()).redirectErrorStream(true).redirectOutput(log.toFile());
    process = kernel.start();
    published.subscribe(new byte[0]);
    connect(shell, connection, "shell");
    connect(control, connection, "control");
    connect(published, connection, "iopub");
    awaitStart();
  }

  private static void connect(ZMQ.Socket socket, JsonNode connection, String channel) {
    socket.setLinger(0);
    socket.connect("tcp://127.0.0.1:" + connection.get(channel + "_port").asInt());
  }

  /** Asks until an answer comes on both channels: a subscriber misses what came before it. */
  private void awaitStart() throws IOException {
    long until = System.currentTimeMillis() + START_MILLIS;
    boolean answered = false;
    boolean heard = false;
    shell.setReceiveTimeOut(500);
    published.setReceiveTimeOut(500);
    while (!answered || !heard) {
      if (!process.isAlive() || System.currentTimeMillis() > until) {
        throw new IOException("The kernel does not answer. Its log:\n" + log());
      }
      send(shell, "kernel_info_request", JSON.createObjectNode());
      answered |= receive(shell) != null;
      heard |= receive(published) != null;
    }
    while (receive(shell) != null) {}
    while (receive(published) != null) {}
  }

  /** Runs a cell and waits for it to end. An exception of the cell is an output like others. */
  CellRun run(String code) throws IOException {
    ObjectNode request = JSON.createObjectNode();
    request.put("code", code).put("silent", false).put("store_history", true);
    request.put("allow_stdin", false).put("stop_on_error", true);
    request.putObject("user_expressions");
    String id = send(shell, "execute_request", request);
    ArrayNode outputs = JSON.createArrayNode();
    published.setReceiveTimeOut(CELL_MILLIS);
    int count = 0;
    while (true) {
      Received message = receive(published);
      if (message == null) {
        throw new IOException(
            "A cell took more than %d s. Log:\n%s".formatted(CELL_MILLIS / 1000, log()));
      }
      if (!message.parent().equals(id)) {
        continue;
      }
      JsonNode content = message.content();
      switch (message.type()) {
        case "execute_input" -> count = content.get("execution_count").asInt();
        case "stream", "display_data", "execute_result", "error" ->
            Outputs.add(outputs, message.type(), content);
        case "status" -> {
          if (content.get("execution_state").asText().equals("idle")) {
            shell.setReceiveTimeOut(CELL_MILLIS);
            receive(shell);
            return new CellRun(count, outputs);
          }
        }
        default -> {}
      }
    }
  }

  /** Asks the kernel to stop the cell that will run then. */
  void interruptAfter(long millis) {
    new Thread(
            () -> {
              try {
                Thread.sleep(millis);
                send(control, "interrupt_request", JSON.createObjectNode());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "interrupts a cell")
        .start();
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  private record Received(String type, String parent, JsonNode content) {}

  private String send(ZMQ.Socket socket, String type, ObjectNode content) {
    String id = UUID.randomUUID().toString();
    ObjectNode header = JSON.createObjectNode();
    header.put("msg_id", id).put("session", session).put("username", "test");
    header.put("date", Instant.now().toString()).put("msg_type", type).put("version", "5.3");
    List<String> parts = List.of(header.toString(), "{}", "{}", content.toString());
    socket.sendMore(DELIMITER);
    socket.sendMore(signature(parts));
    for (int i = 0; i < parts.size(); i++) {
      socket.send(parts.get(i).getBytes(StandardCharsets.UTF_8), i < 3 ? ZMQ.SNDMORE : 0);
    }
    return id;
  }

  /** The next message, its signature checked; null if none comes in time. */
  private Received receive(ZMQ.Socket socket) throws IOException {
    byte[] frame = socket.recv();
    if (frame == null) {
      return null;
    }
    List<String> frames = new ArrayList<>();
    frames.add(new String(frame, StandardCharsets.UTF_8));
    while (socket.hasReceiveMore()) {
      frames.add(new String(socket.recv(), StandardCharsets.UTF_8));
    }
    int at = frames.indexOf(DELIMITER);
    List<String> parts = frames.subList(at + 2, at + 6);
    if (!frames.get(at + 1).equals(signature(parts))) {
      throw new IOException("The kernel signs wrongly: " + frames);
    }
    return new Received(
        JSON.readTree(parts.get(0)).get("msg_type").asText(),
        JSON.readTree(parts.get(1)).path("msg_id").asText(),
        JSON.readTree(parts.get(3)));
  }

  private String signature(List<String> parts) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      parts.forEach(part -> mac.update(part.getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends the kernel as Jupyter does, and by force if it does not listen. */
  @Override
  public void close() {
    send(control, "shutdown_request", JSON.createObjectNode().put("restart", false));
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new IllegalStateException("The kernel did not end when asked to. Its log:\n" + log());
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } finally {
      context.close();
    }
  }
}
