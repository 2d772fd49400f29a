package io.embark.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Two provenances field by field. */
public final class ProvenanceComparison {

  /**
   * Settings that vectors may differ in and still be compared. Queries and passages have different
   * prompts on purpose, the cosine does not depend on lengths, and the others are small errors.
   */
  static final Set<Setting<?>> ALL_THE_SAME =
      Set.of(
          Setting.PROMPT,
          Setting.NORMALIZE,
          Setting.RESCALE_TRUNCATED,
          Setting.MAX_LENGTH,
          Setting.PRECISION);

  /** Fields of no consequence for comparing: a name, and what is undone by then. */
  private static final Set<String> NOT_COMPARED =
      Set.of(VectorProvenance.VECTOR, VectorProvenance.CHUNK, VectorProvenance.TYPE);

  private final VectorProvenance left;
  private final VectorProvenance right;

  /** A field of both; vectors that differ in one that must agree cannot be compared. */
  public record Field(String name, String left, String right, boolean mustAgree) {
    public boolean isDifferent() {
      return !left.equals(right);
    }
  }

  ProvenanceComparison(VectorProvenance left, VectorProvenance right) {
    this.left = left;
    this.right = right;
  }

  /** {@link VectorProvenance#besides}: where the model was does not matter. */
  List<Field> ofOneColumn() {
    return fields().stream().filter(field -> !field.name().equals(VectorProvenance.MODEL)).toList();
  }

  private List<Field> fields() {
    VectorProvenance.Pooled one = left.pooled();
    VectorProvenance.Pooled other = right.pooled();
    List<Field> fields = new ArrayList<>();
    fields.add(field(VectorProvenance.MODEL, "unknown", false));
    fields.add(field(VectorProvenance.FINGERPRINT, "unknown", true));
    fields.add(field(VectorProvenance.VECTOR, "unknown", false));
    fields.add(new Field(Setting.POOLING.paramName(), one.pooling(), other.pooling(), true));
    fields.add(new Field(Setting.LAYERS.paramName(), one.layers(), other.layers(), true));
    fields.add(field(VectorProvenance.POST, "none", false));
    fields.add(field(VectorProvenance.POST_FINGERPRINT, "none", true));
    fields.add(field(VectorProvenance.DIMENSION, "unknown", true));
    for (Setting<?> setting : left.settings()) {
      if (!VectorProvenance.POOLED.contains(setting)) {
        boolean mustAgree = !ALL_THE_SAME.contains(setting);
        fields.add(
            new Field(setting.paramName(), left.text(setting), right.text(setting), mustAgree));
      }
    }
    fields.add(field(VectorProvenance.PROMPT_LEFT_OUT, "none", true));
    fields.add(field(VectorProvenance.CHUNK, "none", false));
    fields.add(field(VectorProvenance.TYPE, "unknown", false));
    return fields;
  }

  private Field field(String name, String none, boolean mustAgree) {
    return new Field(name, left.value(name, none), right.value(name, none), mustAgree);
  }

  /** {@link VectorProvenance#incomparable}. */
  Optional<String> incomparable(String sides) {
    List<Field> fields =
        fields().stream().filter(field -> !NOT_COMPARED.contains(field.name())).toList();
    String differ =
        fields.stream()
            .filter(field -> field.mustAgree() && field.isDifferent())
            .map(Field::name)
            .collect(Collectors.joining(", "));
    if (differ.isEmpty()) {
      return Optional.empty();
    }
    String table =
        fields.stream()
            .filter(field -> left.has(field.name()) || right.has(field.name()))
            .map(
                field ->
                    "  %s: %s and %s%s"
                        .formatted(
                            field.name(),
                            shown(field.left()),
                            shown(field.right()),
                            field.mustAgree() && field.isDifferent() ? "   <- must agree" : ""))
            .collect(Collectors.joining("\n"));
    return Optional.of(
        "%s), so the number would mean nothing. The columns' metadata say, %s:\n%s"
            .formatted(differ, sides, table));
  }

  private static String shown(String value) {
    return value.isEmpty() ? "none" : "'" + value + "'";
  }
}
