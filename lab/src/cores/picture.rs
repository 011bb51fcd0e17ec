//! The rates as a picture: one panel for each workload, both axes logarithmic.

use anyhow::anyhow;
use plotters::prelude::*;

use super::command::Results;
use super::designs::Sharing;
use super::judge::Figures;
use super::trial::Trial;
use super::workload::Workload;
use crate::args::CoresOptions;

const SIZE: (u32, u32) = (1_000, 820);

/// Told apart by those who see no colours, too: as dark as they are different.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 0, 0),
    RGBColor(213, 94, 0),
    RGBColor(230, 159, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
];

/// The picture, as SVG.
///
/// # Errors
///
/// If something cannot be drawn.
pub fn draw(options: &CoresOptions, results: &Results) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
        for (panel, workload) in root.split_evenly((2, 2)).iter().zip(Workload::ALL) {
            draw_panel(panel, options, results, workload).map_err(|error| anyhow!("{error}"))?;
        }
        root.present().map_err(|error| anyhow!("{error}"))?;
    }
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_panel(
    panel: &Area<'_>,
    options: &CoresOptions,
    results: &Results,
    workload: Workload,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let sizes = options.sizes();
    let rate =
        |cores: u32, sharing| results.get(&(Trial { cores, workload }, sharing)).map_or(0.0, Figures::rate);
    let all = || sizes.iter().flat_map(|cores| Sharing::ALL.map(|sharing| rate(*cores, sharing)));
    let most = all().fold(1.0, f64::max) * 1.3;
    let least = all().fold(1.0, f64::min).max(0.01) / 1.3;
    let (from, to) = (sizes[0], sizes[sizes.len() - 1].max(sizes[0] + 1));
    let mut chart = ChartBuilder::on(panel)
        .margin(12)
        .caption(format!("{}: million cycles/s by cores", workload.name()), ("sans-serif", 17))
        .x_label_area_size(28)
        .y_label_area_size(46)
        .build_cartesian_2d((from..to).log_scale().base(2.0), (least..most).log_scale())?;
    chart.configure_mesh().light_line_style(WHITE).draw()?;
    // The first ones are broader, so that they can be seen where they lie under others.
    let broadest = COLOURS.len() as u32 + 1;
    for ((sharing, colour), width) in Sharing::ALL.into_iter().zip(COLOURS).zip((0..=broadest).rev()) {
        let points = sizes.iter().map(|cores| (*cores, rate(*cores, sharing)));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(width)))?
            .label(sharing.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width)));
    }
    let legend = SeriesLabelPosition::UpperLeft;
    chart.configure_series_labels().position(legend).background_style(WHITE.mix(0.85)).draw()?;
    Ok(())
}
