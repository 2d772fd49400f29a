package io.embark.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.cli.doctor.DoctorReport.Finding;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.cli.doctor.DoctorReport.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorReportTest {
  private static Place place(String executor, String check, String value) {
    Place place = new Place(executor, "host", "");
    place.check(check, () -> Finding.ok(value));
    return place;
  }

  private static Verdict verdict(String check, String driver, String... executors) {
    List<Place> places = new ArrayList<>();
    places.add(place("driver", check, driver));
    for (int i = 0; i < executors.length; i++) {
      places.add(place("" + i, check, executors[i]));
    }
    return new DoctorReport("yarn", places, null).checks().get(0).verdict();
  }

  /** The driver of a cluster computes nothing, so that it needs no CUDA. */
  @Test
  void cudaOfTheDriverIsNotHeldAgainstThatOfTheExecutors() {
    assertThat(verdict("cuda libraries", "none", "libcudart.so.12", "libcudart.so.12"))
        .isEqualTo(Verdict.OK);
    assertThat(verdict("cuda libraries", "none", "libcudart.so.12", "none"))
        .isEqualTo(Verdict.WARNING);
    assertThat(verdict("cuda libraries", "none", "/a/libcudart.so.12", "/b/libcudart.so.12"))
        .isEqualTo(Verdict.WARNING);
  }

  @Test
  void whatTheDriverUsesTooMustBeEqual() {
    assertThat(verdict("java", "17.0.1", "17.0.9")).isEqualTo(Verdict.WARNING);
    assertThat(verdict("java", "17.0.9", "17.0.9")).isEqualTo(Verdict.OK);
    assertThat(verdict("memory", "heap 1", "heap 2")).isEqualTo(Verdict.OK);
  }
}
