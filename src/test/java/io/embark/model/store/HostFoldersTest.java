package io.embark.model.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostFoldersTest {
  private static HostFolders of(Map<String, String> properties, Map<String, String> environment) {
    Map<String, String> jvm = new HashMap<>(properties);
    jvm.put("user.home", "/home/me");
    return HostFolders.of(jvm::get, environment::get);
  }

  @Test
  void theDefaultsAreTheUsers() {
    assertThat(of(Map.of(), Map.of()))
        .isEqualTo(
            new HostFolders(
                Path.of("/home/me/.embark/models"), Path.of("/home/me/.cache/huggingface/hub")));
  }

  /** As huggingface_hub reads them. */
  @ParameterizedTest
  @CsvSource({
    "HF_HUB_CACHE=/a, /a",
    "HF_HUB_CACHE=/a;HF_HOME=/b, /a",
    "HUGGINGFACE_HUB_CACHE=/a;HF_HOME=/b, /a",
    "HF_HUB_CACHE=~/h, /home/me/h",
    "HF_HUB_CACHE=;HF_HOME=/b, /b/hub",
    "HF_HOME=/b, /b/hub",
    "HF_HOME=~, /home/me/hub",
    "XDG_CACHE_HOME=/x, /x/huggingface/hub",
    "HF_HOME=/b;XDG_CACHE_HOME=/x, /b/hub"
  })
  void theHubsCacheIsWhereItsVariablesSay(String environment, Path wanted) {
    Map<String, String> values = new HashMap<>();
    for (String entry : environment.split(";")) {
      values.put(entry.substring(0, entry.indexOf('=')), entry.substring(entry.indexOf('=') + 1));
    }
    assertThat(of(Map.of(), values).hub()).isEqualTo(wanted);
  }

  @Test
  void theFolderOfBuiltinsIsSaidByPropertyOrEnvironment() {
    Map<String, String> environment = Map.of("EMBARK_MODELS", "~/m");
    assertThat(of(Map.of(), environment).builtins()).isEqualTo(Path.of("/home/me/m"));
    assertThat(of(Map.of("embark.models", "/p"), environment).builtins()).isEqualTo(Path.of("/p"));
  }
}
