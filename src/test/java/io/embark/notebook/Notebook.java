package io.embark.notebook;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A notebook file, nbformat 4.5, written as Jupyter itself writes it. */
record Notebook(Path file, ObjectNode root) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  /** The project's own. */
  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("notebooks"))) {
      return files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    }
  }

  static Notebook read(Path file) throws IOException {
    return new Notebook(file, (ObjectNode) JSON.readTree(Files.readString(file)));
  }

  static ObjectNode empty() {
    ObjectNode root = JSON.createObjectNode();
    root.putArray("cells");
    return root;
  }

  List<ObjectNode> cells() {
    List<ObjectNode> cells = new ArrayList<>();
    root.get("cells").forEach(cell -> cells.add((ObjectNode) cell));
    return cells;
  }

  List<ObjectNode> codeCells() {
    return cells().stream().filter(c -> c.get("cell_type").asText().equals("code")).toList();
  }

  /**
   * Whether a cell is tagged {@code nbval-ignore-output}, as the pytest plugin nbval has it: what
   * it shows comes of training, which makes much of a last bit that other processors round
   * otherwise.
   */
  static boolean isTrained(JsonNode cell) {
    for (JsonNode tag : cell.path("metadata").path("tags")) {
      if (tag.asText().equals("nbval-ignore-output")) {
        return true;
      }
    }
    return false;
  }

  /** Texts are lists of lines in the file. */
  static String text(JsonNode lines) {
    if (!lines.isArray()) {
      return lines.asText();
    }
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.asText()));
    return text.toString();
  }

  static ArrayNode lines(String text) {
    ArrayNode lines = JSON.createArrayNode();
    for (int from = 0; from < text.length(); ) {
      int end = text.indexOf('\n', from);
      int next = end < 0 ? text.length() : end + 1;
      lines.add(text.substring(from, next));
      from = next;
    }
    return lines;
  }

  /** The same notebook with what its cells gave, in the order of its code cells. */
  Notebook with(List<CellRun> runs) {
    ObjectNode copy = root.deepCopy();
    Notebook ran = new Notebook(file, copy);
    List<ObjectNode> cells = ran.codeCells();
    for (int i = 0; i < cells.size(); i++) {
      cells.get(i).put("execution_count", runs.get(i).count());
      cells.get(i).set("outputs", runs.get(i).outputs().deepCopy());
    }
    return ran;
  }

  void write() throws IOException {
    Files.writeString(file, json());
  }

  /** Keys sorted, one space for each level. */
  String json() throws IOException {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter() {
          private static final long serialVersionUID = 1;

          @Override
          public DefaultPrettyPrinter createInstance() {
            return this;
          }

          @Override
          public void writeObjectFieldValueSeparator(JsonGenerator out) throws IOException {
            out.writeRaw(": ");
          }

          @Override
          public void writeEndArray(JsonGenerator out, int values) throws IOException {
            if (values == 0) {
              _nesting--;
              out.writeRaw(']');
            } else {
              super.writeEndArray(out, values);
            }
          }

          @Override
          public void writeEndObject(JsonGenerator out, int values) throws IOException {
            if (values == 0) {
              _nesting--;
              out.writeRaw('}');
            } else {
              super.writeEndObject(out, values);
            }
          }
        };
    DefaultIndenter oneSpace = new DefaultIndenter(" ", "\n");
    printer.indentArraysWith(oneSpace);
    printer.indentObjectsWith(oneSpace);
    return JSON.writer(printer).writeValueAsString(JSON.convertValue(root, Object.class)) + "\n";
  }
}
