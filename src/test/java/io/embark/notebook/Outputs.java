package io.embark.notebook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/** Outputs of cells, as a notebook file keeps them: made of messages, and compared. */
final class Outputs {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern NUMBER = Pattern.compile("-?\\d+\\.\\d+");

  /** Other processors round other sums: figures may differ by two in their last digit. */
  private static final double LAST_DIGITS = 2;

  /** Mean difference of a colour channel, of 255: other fonts pass, another chart does not. */
  private static final double PIXELS = 6;

  private Outputs() {}

  static void add(ArrayNode outputs, String type, JsonNode content) {
    if (type.equals("stream") && !outputs.isEmpty()) {
      ObjectNode last = (ObjectNode) outputs.get(outputs.size() - 1);
      if (last.path("name").asText().equals(content.get("name").asText())) {
        String text = Notebook.text(last.get("text")) + content.get("text").asText();
        last.set("text", Notebook.lines(text));
        return;
      }
    }
    ObjectNode output = outputs.addObject();
    output.put("output_type", type);
    switch (type) {
      case "stream" -> {
        output.put("name", content.get("name").asText());
        output.set("text", Notebook.lines(content.get("text").asText()));
      }
      case "error" -> {
        output.put("ename", content.get("ename").asText());
        output.put("evalue", content.get("evalue").asText());
        output.set("traceback", content.get("traceback"));
      }
      default -> {
        ObjectNode data = JSON.createObjectNode();
        for (String mime : new TreeSet<>(names(content.get("data")))) {
          String text = content.get("data").get(mime).asText();
          data.set(mime, mime.startsWith("image/png") ? data.textNode(text) : Notebook.lines(text));
        }
        output.set("data", data);
        if (type.equals("execute_result")) {
          output.put("execution_count", content.get("execution_count").asInt());
        }
        output.set("metadata", JSON.createObjectNode());
      }
    }
  }

  private static List<String> names(JsonNode object) {
    Iterator<Map.Entry<String, JsonNode>> fields = object.fields();
    List<String> names = new ArrayList<>();
    fields.forEachRemaining(field -> names.add(field.getKey()));
    return names;
  }

  /** What differs, in a sentence; null if nothing does. */
  static String difference(JsonNode wanted, JsonNode found) throws IOException {
    if (wanted.size() != found.size()) {
      return "%d outputs, wanted %d:\n%s".formatted(found.size(), wanted.size(), found);
    }
    for (int i = 0; i < wanted.size(); i++) {
      JsonNode left = wanted.get(i);
      JsonNode right = found.get(i);
      if (!left.get("output_type").equals(right.get("output_type"))) {
        return "found " + right + ", wanted " + left;
      }
      String different =
          left.has("data")
              ? ofData(left.get("data"), right.get("data"))
              : ofText(Notebook.text(left.path("text")), Notebook.text(right.path("text")));
      if (different != null) {
        return different;
      }
    }
    return null;
  }

  /** As {@link #difference}, for outputs of which only the kinds are settled. */
  static String differenceOfKinds(JsonNode wanted, JsonNode found) {
    List<String> left = kinds(wanted);
    List<String> right = kinds(found);
    return left.equals(right) ? null : "found " + right + ", wanted " + left;
  }

  private static List<String> kinds(JsonNode outputs) {
    List<String> kinds = new ArrayList<>();
    for (JsonNode output : outputs) {
      String kind = output.get("output_type").asText();
      kinds.add(output.has("data") ? kind + names(output.get("data")) : kind);
    }
    return kinds;
  }

  private static String ofData(JsonNode wanted, JsonNode found) throws IOException {
    if (!names(wanted).equals(names(found))) {
      return "found " + names(found) + ", wanted " + names(wanted);
    }
    for (String mime : names(wanted)) {
      String left = Notebook.text(wanted.get(mime));
      String right = Notebook.text(found.get(mime));
      String different = mime.equals("image/png") ? ofPictures(left, right) : ofText(left, right);
      if (different != null) {
        return mime + ": " + different;
      }
    }
    return null;
  }

  static String ofText(String wanted, String found) {
    Matcher left = NUMBER.matcher(wanted);
    Matcher right = NUMBER.matcher(found);
    boolean alike = left.replaceAll("#").equals(right.replaceAll("#"));
    left.reset();
    right.reset();
    while (alike && left.find() && right.find()) {
      int digits = left.group().length() - left.group().indexOf('.') - 1;
      double difference =
          Math.abs(Double.parseDouble(left.group()) - Double.parseDouble(right.group()));
      alike = difference <= (LAST_DIGITS + 0.01) * Math.pow(10, -digits);
    }
    return alike ? null : "found\n%s\nwanted\n%s".formatted(found, wanted);
  }

  static String ofPictures(String wanted, String found) throws IOException {
    BufferedImage left = picture(wanted);
    BufferedImage right = picture(found);
    if (left.getWidth() != right.getWidth() || left.getHeight() != right.getHeight()) {
      return "found a picture of %d x %d pixels, wanted %d x %d"
          .formatted(right.getWidth(), right.getHeight(), left.getWidth(), left.getHeight());
    }
    long sum = 0;
    for (int y = 0; y < left.getHeight(); y++) {
      for (int x = 0; x < left.getWidth(); x++) {
        int a = left.getRGB(x, y);
        int b = right.getRGB(x, y);
        for (int shift = 0; shift <= 16; shift += 8) {
          sum += Math.abs((a >> shift & 255) - (b >> shift & 255));
        }
      }
    }
    double mean = sum / (3.0 * left.getWidth() * left.getHeight());
    return mean <= PIXELS ? null : "found another picture, %.1f of 255 away".formatted(mean);
  }

  private static BufferedImage picture(String base64) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(Base64.getMimeDecoder().decode(base64)));
  }
}
