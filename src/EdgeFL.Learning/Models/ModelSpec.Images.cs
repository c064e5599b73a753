using System.Globalization;

namespace EdgeFL.Learning;

public sealed partial class ModelSpec
{
    /// <summary>A row for each pixel with a channel for each plane, or one row with a channel for each pixel: either way the values lie as an image's do.</summary>
    private LayerSpec Image(in Place place, int offset)
    {
        TakeOnly(place, "height", "width");
        if (place.Index > 0)
            throw At(place, "says how the sensor's values lie; it can only be the first layer");
        var height = Number(place, "height", place.Source!.Height, 1, 1024);
        var width = Number(place, "width", Whole(place, "width", place.Source.Width), 1, 1024);
        int pixels = height * width, channels = place.Input.Channels, rows = place.Input.Length;
        var isFrame = rows == 1 && channels == pixels;
        if (rows != pixels && !isFrame)
        {
            throw At(
                place,
                $"is of {height}x{width} = {pixels} pixels, which {channels}x{rows} values are not; "
                + $"give the model \"length\": {pixels} and a channel for each plane, or \"length\": 1 and \"channels\": {pixels}");
        }
        var image = new ActivationShape(isFrame ? 1 : channels, pixels, false) { Width = width };
        return new LayerSpec(LayerKind.Image, 0, 0, place.Input, image, offset, 0);
    }

    private LayerSpec Conv2d(in Place place, int offset)
    {
        TakeOnly(place, "filters", "kernel");
        NeedImage(place);
        var filters = Number(place, "filters", place.Source!.Filters, 1, 1024);
        var kernel = Number(place, "kernel", place.Source.Kernel, 1, 32);
        if (kernel > Math.Min(place.Input.Height, place.Input.Width))
            throw At(place, $"has a kernel of {kernel}x{kernel}, larger than the {place.Input.Height}x{place.Input.Width} pixels that reach it");
        var output = ImageOf(place, filters, place.Input.Height - kernel + 1, place.Input.Width - kernel + 1);
        return new LayerSpec(
            LayerKind.Conv2d, filters, kernel, place.Input, output, offset, Weights(place, filters, (long)place.Input.Channels * kernel * kernel));
    }

    private LayerSpec MaxPool2d(in Place place, int offset)
    {
        TakeOnly(place, "size");
        NeedImage(place);
        var size = Number(place, "size", place.Source!.Size, 1, 1024);
        if (size > Math.Min(place.Input.Height, place.Input.Width))
            throw At(place, $"pools {size}x{size} pixels, more than the {place.Input.Height}x{place.Input.Width} that reach it");
        var output = ImageOf(place, place.Input.Channels, place.Input.Height / size, place.Input.Width / size);
        return new LayerSpec(LayerKind.MaxPool2d, size, 0, place.Input, output, offset, 0);
    }

    private ActivationShape ImageOf(in Place place, int channels, int height, int width) =>
        Sized(place, channels, height * width, false) with { Width = width };

    private void NeedImage(in Place place)
    {
        if (place.Input.IsVector)
            throw At(place, "needs an image; put it before flatten, globalaverage and dense");
        if (!place.Input.IsImage)
            throw At(place, "needs an image; begin the layers with { \"type\": \"image\", \"height\": …, \"width\": … }");
    }

    /// <summary>A member that is a whole number here and need not be elsewhere.</summary>
    private int? Whole(in Place place, string member, float? value)
    {
        if (value is { } given && given != MathF.Round(given))
            throw At(place, string.Create(CultureInfo.InvariantCulture, $"has \"{member}\": {given}; it must be a whole number"));
        return (int?)value;
    }
}
