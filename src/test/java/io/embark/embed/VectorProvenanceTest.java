package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.Setting.Effect;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class VectorProvenanceTest {
  private static final String FINGERPRINT = "0123456789abcdef".repeat(4);

  private static EmbedderConfig.Builder config() {
    return EmbedderConfig.of("builtin:x").toBuilder()
        .set(Setting.POOLING, "mean", "test")
        .set(Setting.NORMALIZE, "l2", "test")
        .set(Setting.MAX_LENGTH, "256", "test")
        .promptText("", "test");
  }

  private static VectorProvenance of(EmbedderConfig.Builder config) {
    return VectorProvenance.of(config.build(), FINGERPRINT, "mean", 8);
  }

  private static List<String> differences(VectorProvenance left, VectorProvenance right) {
    return left.besides(right).stream()
        .filter(ProvenanceComparison.Field::isDifferent)
        .map(ProvenanceComparison.Field::name)
        .toList();
  }

  private static List<Setting<?>> with(Setting<?> setting) {
    List<Setting<?>> all = new ArrayList<>(Setting.ALL);
    all.add(setting);
    return all;
  }

  private static Setting<Boolean> pretended(Effect effect) {
    return new Setting<>(
        effect, "mirror", Setting.SWITCH, "false", "Turn vectors round", Setting::yesOrNo);
  }

  /** Metadata, appending, comparing and making others alike all follow from the declaration. */
  @Test
  void aNewSettingThatChangesVectorsIsTakenNoticeOf() {
    Setting<?> mirror = pretended(Effect.VECTORS);
    EmbedderConfig mirrored = config().set(mirror, "true", "test").build();
    VectorProvenance made =
        VectorProvenance.of(with(mirror), mirrored, FINGERPRINT, "mean", 8).stored("float", null);
    assertThat(made.json()).contains("\"mirror\":\"true\"");

    VectorProvenance before =
        VectorProvenance.parse(with(mirror), of(config()).stored("float", null).json());
    assertThat(differences(before, made)).containsExactly("mirror");
    assertThat(before.incomparable(made, "left and right").orElseThrow())
        .startsWith("mirror)")
        .contains("mirror: 'false' and 'true'   <- must agree");
    assertThat(made.config().text(mirror)).isEqualTo("true");
    assertThat(made.essence()).isEqualTo(before.essence() + ", mirror true");
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "VECTORS")
  void oneThatChangesNoVectorIsNot(Effect effect) {
    Setting<?> mirror = pretended(effect);
    EmbedderConfig mirrored = config().set(mirror, "true", "test").build();
    VectorProvenance made = VectorProvenance.of(with(mirror), mirrored, FINGERPRINT, "mean", 8);
    assertThat(made.json()).isEqualTo(of(config()).json());
  }

  @ParameterizedTest
  @ValueSource(strings = {"query: ", "Represent this question", "none", "query"})
  void aPromptComesBackAsTheTextThatItWas(String prompt) {
    EmbedderConfig back = of(config().promptText(prompt, "test")).config();
    assertThat(back.text(Setting.PROMPT)).isEqualTo(prompt);
    assertThat(back.promptIsText()).isTrue();
  }

  @Test
  void onePoolingJoinedIsThatPooling() {
    VectorProvenance alone = of(config());
    VectorProvenance joined = of(config().concat(true));
    assertThat(joined.json()).contains("\"concat\":\"true\"");
    assertThat(differences(alone, joined)).isEmpty();
    assertThat(alone.incomparable(joined, "left and right")).isEmpty();
    assertThat(joined.essence()).isEqualTo(alone.essence()).contains("pooling mean, layers -1");
    assertThat(joined.config()).isEqualTo(alone.config());

    VectorProvenance several = of(config().concat(true).set(Setting.LAYERS, "-1,-2", "test"));
    assertThat(several.essence()).contains("pooling mean joined, layers -1,-2");
    assertThat(several.config().get(Setting.CONCAT)).isTrue();

    String before = alone.essence().replace("mean,", "mean joined,");
    assertThat(alone.isMadeAs(before)).isTrue();
    assertThat(several.isMadeAs(several.essence())).isTrue();
    assertThat(several.isMadeAs(before)).isFalse();
  }

  /** Files of properties keep a blank behind a value, and so did what was recorded. */
  @Test
  void aSwitchIsReadHoweverItWasSpelt() {
    VectorProvenance joined =
        of(config().set(Setting.CONCAT, "True ", "test").set(Setting.POOLING, "mean,cls", "test"));
    assertThat(joined.essence()).contains("pooling mean,cls joined");
    assertThat(joined.config().get(Setting.POOLING)).hasSize(2);
  }

  @Test
  void queriesMayHaveOtherPromptsAndLengths() {
    VectorProvenance query =
        of(config().promptText("query: ", "test").set(Setting.MAX_LENGTH, "64", "test"));
    assertThat(query.incomparable(of(config()), "left and right")).isEmpty();
    assertThat(differences(query, of(config()))).containsExactly("maxLength", "prompt");
  }

  @Test
  void fieldsOfLaterVersionsAreKept() {
    VectorProvenance later = VectorProvenance.parse("{\"model\":\"m\",\"later\":{\"a\":[1]}}");
    assertThat(later.with("run", "r").json())
        .isEqualTo("{\"model\":\"m\",\"later\":{\"a\":[1]},\"run\":\"r\"}");
  }

  /** Earlier versions cut white space off and did not say so. */
  @Test
  void whetherTextsWereStrippedIsToldApart() {
    String made =
        "{\"model\": \"m\", \"fingerprint\": \"f\", \"vector\": \"mean\", \"pooling\": \"mean\"}";
    VectorProvenance earlier = VectorProvenance.parse(made);
    VectorProvenance asEarlier =
        VectorProvenance.parse(made.replace("}", ", \"strip\": \"earlier\"}"));
    VectorProvenance now = VectorProvenance.parse(made.replace("}", ", \"strip\": \"none\"}"));
    assertThat(earlier.incomparable(asEarlier, "left and right")).isEmpty();
    assertThat(earlier.incomparable(now, "left and right").orElseThrow()).contains("strip");
    assertThat(earlier.config().text(Setting.STRIP)).isEqualTo("earlier");
    assertThat(now.config().text(Setting.STRIP)).isEqualTo("none");
    assertThat(earlier.essence()).doesNotContain("strip");
  }
}
