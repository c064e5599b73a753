namespace EdgeFL.Learning;

/// <summary>How a model does on windows it was not trained on.</summary>
/// <param name="Windows">Windows looked at; 0 = nothing held out yet, the figures are then NaN.</param>
/// <param name="Loss">Mean loss.</param>
/// <param name="Accuracy">Share of windows classified rightly, 0 to 1; NaN in other tasks.</param>
public readonly record struct Evaluation(int Windows, float Loss, float Accuracy);
