package io.embark.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.Words;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.cli.doctor.SessionProbe.Speed;
import io.embark.cli.doctor.SessionProbe.Speeds;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorTableTest {
  @Test
  void fitsItsWidthOnFastMachinesWithLongNames() {
    Place driver = place("driver", "127.0.0.1:40855", "", "cpu", 11_379.4);
    Place gpu =
        place("117", "ip-10-200-117-123.eu-central-1.compute.internal", "15", "cuda:15", 9_999_999);
    List<String> lines = printed(List.of(driver, gpu));
    assertThat(lines).allMatch(line -> line.length() <= 100);
    assertThat(lines)
        .anyMatch(line -> line.endsWith("tok/s at 16      at 128      at 256"))
        .anyMatch(line -> line.startsWith("driver") && line.contains(" 11,379 "))
        .anyMatch(line -> line.startsWith("executor 117") && line.contains(" 9,999,999 "));
  }

  @Test
  void placesThatCouldNotBeTimedAreShownWithoutSpeed() {
    Place untimed = place("driver", "host", "", "cpu", 1);
    untimed.speeds = null;
    Place timed = place("3", "host", "", "cpu", 2_000);
    assertThat(printed(List.of(untimed, timed)))
        .anyMatch(line -> line.startsWith("driver") && line.endsWith("-"))
        .anyMatch(line -> line.startsWith("executor 3") && line.contains("2,000"));
  }

  private static Place place(
      String executor, String host, String address, String device, double tokensPerSecond) {
    Place place = new Place(executor, host, address);
    place.device = device;
    place.loadMillis = 4_700;
    place.speeds =
        new Speeds(
            65_536,
            List.of(
                new Speed(16, tokensPerSecond),
                new Speed(128, tokensPerSecond),
                new Speed(256, tokensPerSecond)));
    return place;
  }

  private static List<String> printed(List<Place> places) {
    StringWriter out = new StringWriter();
    new DoctorTable(new DoctorReport("local[2]", places, null), new Words(out)).print();
    return out.toString().lines().toList();
  }
}
