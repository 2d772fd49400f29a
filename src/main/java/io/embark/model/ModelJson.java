package io.embark.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.embark.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The JSON files of a model directory. */
record ModelJson(Path directory) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Reads one file.
   *
   * @return its contents, or a missing node if there is no such file
   * @throws UserError if the file is there but is not JSON
   */
  JsonNode read(String name) throws IOException {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode contents = MAPPER.readTree(file.toFile());
      if (contents.isMissingNode()) {
        throw new UserError("%s is empty; wanted is JSON.".formatted(file));
      }
      return contents;
    } catch (JsonProcessingException e) {
      throw new UserError("%s is not valid JSON: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }
}
