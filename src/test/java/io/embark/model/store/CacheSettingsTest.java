package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheSettingsTest {
  private static final Map<String, String> JVM =
      Map.of("java.io.tmpdir", "/tmp", "user.name", "me");

  private static CacheSettings of(Map<String, String> environment) {
    return CacheSettings.of(JVM::get, environment::get);
  }

  @Test
  void theDefaultsAreATemporaryDirectoryOfTheUser() {
    assertThat(of(Map.of()))
        .isEqualTo(
            new CacheSettings(Path.of("/tmp/embark-me"), 20L << 30, false, new CacheOwner(null)));
  }

  @Test
  void containersOfOneYarnApplicationShareACopy() {
    assertThat(of(Map.of("CONTAINER_ID", "c_1", "LOCAL_DIRS", "/d1/app,/d2/app")).directory())
        .isEqualTo(Path.of("/d1/app/embark"));
  }

  @Test
  void theEnvironmentDecidesAndSystemPropertiesWin() {
    Map<String, String> environment =
        Map.of("EMBARK_CACHE", "/c", "EMBARK_CACHE_MAX", "500m", "EMBARK_OFFLINE", "true");
    assertThat(of(environment))
        .isEqualTo(new CacheSettings(Path.of("/c"), 500L << 20, true, new CacheOwner(null)));
    Map<String, String> properties = Map.of("embark.cache", "/p", "embark.cache.max", "7");
    assertThat(CacheSettings.of(properties::get, environment::get))
        .isEqualTo(new CacheSettings(Path.of("/p"), 7, true, new CacheOwner(null)));
  }

  @Test
  void aSizeThatIsNoneIsRefused() {
    for (String size : new String[] {"much", "-1", "0", "20 gigabytes"}) {
      assertThatThrownBy(() -> of(Map.of("EMBARK_CACHE_MAX", size)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("EMBARK_CACHE_MAX: found '" + size + "'");
    }
  }
}
