package io.embark.spark.executor;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.model.ModelDirectory;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The models that the driver looks at. One query asks for its model several times; a local one is
 * looked at each time, which costs a few milliseconds, one that is copied from elsewhere every few
 * seconds, for its file system has to be asked.
 */
final class DriverModels {
  private static final long GOOD_FOR_NANOS = 10_000_000_000L;
  private static final Map<Named, Seen> COPIED = new ConcurrentHashMap<>();

  private DriverModels() {}

  private record Named(String uri, String modelFile) {}

  private record Seen(ModelDirectory model, long nanos) {}

  static ModelDirectory open(EmbedderConfig config) throws IOException {
    String uri = config.get(Setting.MODEL);
    Named named = new Named(uri, config.get(Setting.MODEL_FILE));
    Seen seen = COPIED.get(named);
    if (seen != null && System.nanoTime() - seen.nanos < GOOD_FOR_NANOS) {
      return seen.model;
    }
    ModelDirectory model = HostModels.store().open(uri, named.modelFile);
    if (uri.contains("://") && !uri.regionMatches(true, 0, "file:", 0, 5)) {
      COPIED.put(named, new Seen(model, System.nanoTime()));
    }
    return model;
  }
}
