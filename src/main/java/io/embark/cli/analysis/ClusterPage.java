package io.embark.cli.analysis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * The clusters as a page that needs nothing else: no network, no other file. Data go in as JSON and
 * come out as text nodes, so that no text of the table is ever read as markup.
 */
final class ClusterPage {
  private static final String TEMPLATE = "cluster.html";
  private static final String PLACE = "/*DATA*/";
  private static final ObjectMapper JSON = new ObjectMapper();

  private ClusterPage() {}

  private record Data(ClusterReport report, ClusterMap map) {}

  static byte[] of(ClusterReport report, ClusterMap map) throws IOException {
    try (InputStream in = ClusterPage.class.getResourceAsStream(TEMPLATE)) {
      String page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return page.replace(PLACE, json(new Data(report, map))).getBytes(StandardCharsets.UTF_8);
    }
  }

  /** JSON that cannot end the element it stands in, nor be a comment. */
  private static String json(Data data) throws JsonProcessingException {
    return JSON.writeValueAsString(data)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026");
  }
}
