package io.embark.analysis.compare;

import io.embark.analysis.measure.Interval;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Charts as inline SVG, coloured by the page's style sheet. */
final class Charts {
  private static final int WIDTH = 720;
  private static final int NAMES = 190;
  private static final double CHARACTER = 7.3;
  private static final int FIGURES = 70;
  private static final int ROW = 24;
  private static final int BAR_WIDTH = 4;
  private static final int HISTOGRAM = 90;

  private Charts() {}

  /** A dot for each candidate, best first, a line for its interval. */
  static String intervals(Ranking ranking) {
    Measure measure = ranking.measure();
    List<Ranking.Place> places =
        ranking.places().stream().filter(p -> Double.isFinite(p.figure().value())).toList();
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Ranking.Place place : places) {
      Interval span = span(place.figure());
      low = Math.min(low, span.low());
      high = Math.max(high, span.high());
    }
    double margin = Math.max((high - low) * 0.05, 1e-6);
    int longest =
        places.stream().mapToInt(p -> p.figure().candidate().name().length()).max().orElse(0);
    Axis axis =
        new Axis(
            low - margin,
            high + margin,
            Math.min(WIDTH / 2.0, Math.max(NAMES, longest * CHARACTER)));
    int height = ROW * places.size() + 30;
    StringBuilder svg = new StringBuilder();
    svg.append(
        format(
            "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
            WIDTH, height, Html.escape(measure.title())));
    for (double tick : axis.ticks()) {
      svg.append(
          format(
              "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>",
              axis.x(tick), axis.x(tick), height - 24));
      svg.append(
          format(
              "<text class=\"tick\" x=\"%.1f\" y=\"%d\">%s</text>",
              axis.x(tick), height - 8, axis.label(tick * measure.scale(), measure.scale())));
    }
    for (int i = 0; i < places.size(); i++) {
      Ranking.Place place = places.get(i);
      Figure figure = place.figure();
      Interval span = span(figure);
      int y = ROW * i + ROW / 2 + 2;
      String name = Html.escape(figure.candidate().name());
      String values =
          "%s [%s .. %s]"
              .formatted(
                  measure.print(figure.value()),
                  measure.print(span.low()),
                  measure.print(span.high()));
      svg.append(
          format(
              "<g class=\"%s\"><title>%s %s</title>",
              place.beyondNoise() ? "worse" : "alike", name, values));
      svg.append(format("<text class=\"name\" x=\"0\" y=\"%d\">%s</text>", y + 4, name));
      svg.append(
          format(
              "<line class=\"span\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
              axis.x(span.low()), axis.x(span.high()), y, y));
      svg.append(format("<circle cx=\"%.1f\" cy=\"%d\" r=\"4.5\"/>", axis.x(figure.value()), y));
      svg.append(
          format(
              "<text class=\"value\" x=\"%d\" y=\"%d\">%s</text></g>",
              WIDTH, y + 4, measure.print(figure.value())));
    }
    return svg.append("</svg>").toString();
  }

  private static Interval span(Figure figure) {
    return figure
        .interval()
        .filter(Interval::isFinite)
        .orElse(new Interval(figure.value(), figure.value()));
  }

  /** How many pairs of texts have which cosine, from -1 to 1. */
  static String histogram(Neighbours.Found found) {
    long most = Math.max(1, Arrays.stream(found.histogram()).max().orElse(1));
    int bars = found.histogram().length;
    int width = bars * BAR_WIDTH;
    StringBuilder svg = new StringBuilder();
    svg.append(
        format(
            "<svg class=\"histogram\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"cosines of %s\">",
            width, HISTOGRAM + 18, Html.escape(found.candidate().name())));
    for (int bar = 0; bar < bars; bar++) {
      long count = found.histogram()[bar];
      double height = (double) HISTOGRAM * count / most;
      if (count > 0) {
        svg.append(
            format(
                "<rect x=\"%d\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"><title>%.3f to %.3f: %,d pairs</title></rect>",
                bar * BAR_WIDTH,
                HISTOGRAM - height,
                BAR_WIDTH,
                height,
                2.0 * bar / bars - 1,
                2.0 * (bar + 1) / bars - 1,
                count));
      }
    }
    svg.append(
        format(
            "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>",
            width, HISTOGRAM, HISTOGRAM));
    for (double tick : new double[] {-1, -0.5, 0, 0.5, 1}) {
      String anchor = tick == -1 ? "start" : tick == 1 ? "end" : "middle";
      svg.append(
          format(
              "<text class=\"tick\" style=\"text-anchor:%s\" x=\"%.1f\" y=\"%d\">%s</text>",
              anchor, (tick + 1) / 2 * width, HISTOGRAM + 14, format("%.1f", tick)));
    }
    return svg.append("</svg>").toString();
  }

  private static String format(String text, Object... arguments) {
    return String.format(Locale.ROOT, text, arguments);
  }

  /**
   * Values to places between the names and the figures.
   *
   * @param left where the names end
   */
  private record Axis(double low, double high, double left) {
    double x(double value) {
      return left + (value - low) / (high - low) * (WIDTH - left - FIGURES);
    }

    /** Round numbers, about five. */
    double[] ticks() {
      double step = step();
      int first = (int) Math.ceil(low / step);
      int last = (int) Math.floor(high / step);
      double[] ticks = new double[Math.max(0, last - first + 1)];
      for (int i = 0; i < ticks.length; i++) {
        ticks[i] = (first + i) * step;
      }
      return ticks;
    }

    private double step() {
      double rough = (high - low) / 5;
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double lead = rough / power;
      return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    }

    String label(double value, double scale) {
      int digits = (int) Math.max(0, -Math.floor(Math.log10(step() * scale * 1.0001)));
      return format("%." + digits + "f", value + 0.0);
    }
  }
}
