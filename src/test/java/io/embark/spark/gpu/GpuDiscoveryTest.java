package io.embark.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code conf/get-gpus.sh} with an {@code nvidia-smi} of the test's own. */
@DisabledOnOs(OS.WINDOWS)
class GpuDiscoveryTest {
  private static final Path SCRIPT = Path.of("conf", "get-gpus.sh").toAbsolutePath();
  private static final String UUID = "GPU-aaaa1111-2222-3333-4444-555566667777";

  @TempDir Path bin;

  private record Answer(int exitCode, String out, String err) {
    List<String> addresses() throws IOException {
      assertThat(exitCode).as(err).isZero();
      var json = new ObjectMapper().readTree(out);
      assertThat(json.get("name").asText()).isEqualTo("gpu");
      List<String> addresses = new ArrayList<>();
      json.get("addresses").forEach(address -> addresses.add(address.asText()));
      return addresses;
    }
  }

  @Test
  void printsTheIndicesOfNvidiaSmi() throws Exception {
    nvidiaSmi("printf '0\\n1\\n2\\n'");
    assertThat(discover(null).addresses()).containsExactly("0", "1", "2");
  }

  @Test
  void asksNvidiaSmiForIndicesOnly() throws Exception {
    nvidiaSmi("[ \"$*\" = '--query-gpu=index --format=csv,noheader' ] && echo 0");
    assertThat(discover(null).addresses()).containsExactly("0");
  }

  @Test
  void printsWhatTheProcessMaySeeAndThatIsUnderstood() throws Exception {
    nvidiaSmi("exit 9");
    assertThat(discover("2,3").addresses()).containsExactly("2", "3");
    assertThat(discover("2,-1,3").addresses()).containsExactly("2");
    assertThat(discover(UUID).addresses()).containsExactly(UUID);
    for (String visible : List.of("2,3", "3", UUID + ",GPU-bb", "MIG-" + UUID)) {
      GpuAddress gpus = new GpuAddress(visible, null, 4);
      List<Integer> indices = discover(visible).addresses().stream().map(gpus::index).toList();
      for (int i = 0; i < indices.size(); i++) {
        assertThat(indices.get(i)).isEqualTo(i);
      }
    }
  }

  @Test
  void saysWhatIsMissing() throws Exception {
    assertThat(discover(null))
        .satisfies(a -> assertThat(a.exitCode()).isEqualTo(1))
        .satisfies(a -> assertThat(a.out()).isEmpty())
        .satisfies(a -> assertThat(a.err()).contains("no nvidia-smi", "NVIDIA driver"));
    nvidiaSmi("echo 'NVIDIA-SMI has failed: driver not running'; exit 9");
    assertThat(discover(null))
        .satisfies(a -> assertThat(a.exitCode()).isEqualTo(1))
        .satisfies(a -> assertThat(a.err()).contains("driver not running"));
    nvidiaSmi("echo 'No devices were found'");
    assertThat(discover(null).err()).contains("No devices were found");
    nvidiaSmi("true");
    assertThat(discover(null).err()).contains("found no GPU by nvidia-smi");
    assertThat(discover("").err()).contains("found no GPU by CUDA_VISIBLE_DEVICES");
    assertThat(discover("-1").exitCode()).isEqualTo(1);
  }

  @Test
  void isExecutable() {
    assertThat(SCRIPT).isExecutable();
  }

  private void nvidiaSmi(String body) throws IOException {
    Path smi = Files.writeString(bin.resolve("nvidia-smi"), "#!/bin/sh\n" + body + "\n");
    assertThat(smi.toFile().setExecutable(true)).isTrue();
  }

  private Answer discover(String visible) throws IOException, InterruptedException {
    Path out = bin.resolve("out");
    Path err = bin.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(SCRIPT.toString())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    // A machine with a GPU has an nvidia-smi in /usr/bin; what the script itself needs is linked.
    for (String tool : List.of("tr", "sh")) {
      Path link = bin.resolve(tool);
      if (Files.notExists(link)) {
        Path here = Path.of("/usr/bin", tool);
        Files.createSymbolicLink(link, Files.exists(here) ? here : Path.of("/bin", tool));
      }
    }
    builder.environment().put("PATH", bin.toString());
    builder.environment().remove("CUDA_VISIBLE_DEVICES");
    if (visible != null) {
      builder.environment().put("CUDA_VISIBLE_DEVICES", visible);
    }
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Answer(process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
