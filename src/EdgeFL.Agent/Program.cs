Console.Error.WriteLine("agent"); return 0;
